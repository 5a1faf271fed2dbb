/** Owns sending the audit on to one receiver: all of it, in order, again and again until it is taken or no longer kept here. */
import { type BackoffPolicy, backoffDelay } from '../../../../core/backoff.ts';
import type { Clock, Random } from '../../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../../core/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../../../core/files.ts';
import type { Log } from '../../../../core/log.ts';
import type { Audit, AuditEntry } from '../audit.ts';

/** The way to a receiver. */
export interface Receiver {
  /** `webhook` or `syslog`. */
  readonly kind: string;
  /** Where it is; without a secret. */
  readonly at: string;
  /** Resolves once the entries are taken, as far as the receiver's protocol tells. Rejects when they may not be. */
  send(entries: readonly AuditEntry[]): Promise<void>;
  close(): void;
}

interface ForwarderOptions {
  readonly receiver: Receiver;
  readonly audit: Pick<Audit, 'find' | 'items' | 'onRecord' | 'removals'>;
  /** The file that keeps the id of the last entry that was taken. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Forwarding {
  readonly kind: string;
  readonly sent: number;
  /** Entries that were no longer kept when their turn came. */
  readonly dropped: number;
  readonly waiting: number;
  /** Since when nothing is taken, and why; undefined while nothing has failed. */
  readonly problem: IsthmusError | undefined;
}

const batch = 100;
const retries: BackoffPolicy = { baseMs: 1_000, maxMs: 60_000 };
/** Where a receiver fails for a moment it is no problem yet. */
const patience = 3;

/** The audit's own files are what waits: a start goes on where the last process ended, and may send the last entries twice. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #stop: () => void;
  /** Id of the last entry that was taken. */
  #last: string;
  #sent = 0;
  #dropped = 0;
  #waiting: number;
  #removals: number;
  #failures = 0;
  #problem: IsthmusError | undefined;
  #cancel = (): void => {};
  #running: Promise<void> | undefined;
  #isClosed = false;

  private constructor(options: ForwarderOptions, last: string, waiting: number) {
    this.#options = options;
    this.#last = last;
    this.#waiting = waiting;
    this.#removals = options.audit.removals;
    this.#stop = options.audit.onRecord(() => {
      this.#waiting++;
      // One that waits to try again is not hurried.
      if (this.#failures === 0) this.#go();
    });
    if (waiting > 0) this.#go();
  }

  /** Begins after the entry that was taken last; where there is none, with what comes from now on. Throws FILE_UNREADABLE or FILE_UNWRITABLE. */
  static async open(options: ForwarderOptions): Promise<Forwarder> {
    const { audit, path } = options;
    const kept = await readFileIfAny(path);
    const last = kept?.trim() ?? audit.items.at(-1)?.id ?? '0';
    if (kept === undefined) await writeFileAtomic(path, `${last}\n`);
    return new Forwarder(options, last, await countAfter(audit, last));
  }

  get state(): Forwarding {
    const { kind } = this.#options.receiver;
    const [sent, dropped, waiting] = [this.#sent, this.#dropped, this.#waiting];
    return { kind, sent, dropped, waiting, problem: this.#problem };
  }

  /** Ends once what is under way has been taken, or not. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop();
    this.#cancel();
    this.#options.receiver.close();
    await this.#running;
  }

  #go(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    while (this.#waiting > 0 && !this.#isClosed) {
      try {
        await this.#sendSome();
        this.#succeeded();
      } catch (thrown) {
        if (this.#isClosed) return;
        this.#failed(thrown);
        this.#cancel = clock.after(backoffDelay(retries, this.#failures - 1, random), () =>
          this.#go(),
        );
        return;
      }
    }
  }

  async #sendSome(): Promise<void> {
    const { audit, receiver, path } = this.#options;
    await this.#countDropped();
    const { items } = await audit.find({ after: this.#last, limit: batch, matches: () => true });
    const last = items.at(-1);
    if (last === undefined) {
      this.#drop(this.#waiting);
      return;
    }
    await receiver.send(items);
    this.#last = last.id;
    this.#sent += items.length;
    this.#waiting = Math.max(0, this.#waiting - items.length);
    await writeFileAtomic(path, `${last.id}\n`);
  }

  /** Entries go only with the file that they are in. */
  async #countDropped(): Promise<void> {
    const { audit } = this.#options;
    const { removals } = audit;
    if (removals === this.#removals) return;
    const expected = this.#waiting;
    const there = await countAfter(audit, this.#last);
    this.#removals = removals;
    this.#drop(Math.max(0, expected - there));
  }

  #drop(count: number): void {
    this.#dropped += count;
    this.#waiting -= count;
  }

  #succeeded(): void {
    const { receiver, log } = this.#options;
    if (this.#problem) log.info({ at: receiver.at }, 'the audit is sent on again');
    this.#failures = 0;
    this.#problem = undefined;
  }

  #failed(thrown: unknown): void {
    const { receiver, clock, log } = this.#options;
    const { kind, at } = receiver;
    this.#failures++;
    if (this.#failures < patience || this.#problem !== undefined) return;
    const since = new Date(clock.now()).toISOString();
    this.#problem = new IsthmusError('AUDIT_NOT_SENT', {
      what: `The audit's ${kind} takes nothing since ${since}: ${asIsthmusError(thrown).message}`,
      where: at,
      cause: thrown,
    });
    log.warn({ err: this.#problem }, 'the audit is not sent on');
  }
}

async function countAfter(audit: Pick<Audit, 'find'>, after: string): Promise<number> {
  let count = 0;
  await audit.find({
    ...{ after, limit: 0 },
    matches() {
      count++;
      return false;
    },
  });
  return count;
}
