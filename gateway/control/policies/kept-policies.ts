/** Owns the written policies of this cluster, or those of the whole federation, while it is a member: they are heard, written, kept on disk, and brought back where the registry lost them. */
import { IsthmusError } from '../../../core/errors.ts';
import { maxPolicies, refuseTooLarge, refuseTooMany } from '../../../policy/quotas.ts';
import { policyRecordSchema } from '../../../policy/record.ts';
import { encodeKey } from '../../../registry/keys.ts';
import { encodePolicyKey, type PolicyKey, wholeFederation } from '../../../registry/policy-keys.ts';
import { type Signer, signRecord } from '../../../registry/signing.ts';
import { SnapshotCache } from '../../../registry/snapshot-cache.ts';
import type { Compare, Store } from '../../../registry/store.ts';
import { RecordsFile } from '../membership/records-file.ts';
import { PolicyBoard, type PolicyBoardOptions } from './policy-board.ts';

export interface KeptPoliciesOptions extends PolicyBoardOptions {
  /** The file on disk. */
  readonly file: string;
  readonly signer: Signer;
  /** Most policies that there are; default 10,000. */
  readonly limit?: number;
  /** Whether this cluster may write them. */
  mayWrite(): boolean;
}

/** What is asked to be written: null deletes. */
export interface PolicyChange {
  readonly spec: Readonly<Record<string, unknown>> | null;
  readonly by: string;
  /** The set that it is of from now on; without one it is of none. */
  readonly set?: string | undefined;
  /** Only where the registry has what this gateway knows: somebody has judged by that. */
  readonly ifUnchanged: boolean;
}

/** How often what was lost is looked for, and what was deleted long ago. */
const tidyEveryMs = 5_000;
/** How often a write is tried while others write the same policy. */
const maxTries = 8;
/** A gateway that was away for longer may bring a policy back that was deleted meanwhile. */
const deletedForMs = 30 * 24 * 3600_000;
/** Deleted policies that are remembered beyond that, the latest, lest an old record of them counts again. */
const mostGone = 10_000;

export class KeptPolicies {
  readonly board: PolicyBoard;
  readonly #options: KeptPoliciesOptions;
  readonly #file: RecordsFile;
  #store: Store;
  #cancelTidy = (): void => {};
  #isTidying = false;
  #isClosed = false;

  constructor(options: KeptPoliciesOptions) {
    const { file, federation, store, clock, log } = options;
    this.#options = options;
    this.#store = store;
    this.board = new PolicyBoard({ ...options, changed: () => this.#changed() });
    this.#file = new RecordsFile({
      file: new SnapshotCache(file, federation),
      what: 'written policies',
      records: () => this.board.all.entries().map(([key, { raw }]) => [key, raw] as const),
      recall: (records) => this.board.recall(records),
      clock,
      log,
    });
  }

  /** Takes up what is on disk, then listens. The registry may be down. */
  async start(): Promise<void> {
    await this.#file.recall();
    this.board.start();
    this.#tidyLater();
  }

  /** One for each record that is not used, and one where they can't be kept on disk. */
  get problems(): readonly IsthmusError[] {
    const { problem } = this.#file;
    return [...this.board.problems, ...(problem ? [problem] : [])];
  }

  /** Goes on with another way to the same registry. */
  use(store: Store): void {
    this.#store = store;
    this.board.use(store);
  }

  keyOf({ namespace, kind, name }: Omit<PolicyKey, 'cluster'>): string {
    const { federation, owner: cluster } = this.#options;
    return encodePolicyKey(federation, { cluster, namespace, kind, name });
  }

  /** How many policies may be made beside those that there are. */
  get room(): number {
    return Math.max(0, (this.#options.limit ?? maxPolicies) - this.board.count);
  }

  /**
   * Writes a policy; resolves once it is in the registry, and known here. Rejects with POLICY_TOO_LARGE, POLICY_LIMIT,
   * PRECONDITION_FAILED, or what the registry says.
   */
  async write(named: Omit<PolicyKey, 'cluster'>, change: PolicyChange): Promise<void> {
    const { self: cluster, signer, clock, limit = maxPolicies } = this.#options;
    const { spec, by, set, ifUnchanged } = change;
    const key = this.keyOf(named);
    const { namespace, kind, name } = named;
    if (spec !== null) {
      refuseTooLarge(spec);
      const isNew = this.board.all.get(key)?.resource === undefined;
      if (isNew) refuseTooMany(this.board.count, limit);
    }
    for (let tries = 1; ; tries++) {
      const record = policyRecordSchema.parse({
        ...{ cluster, namespace, kind, name, spec, at: clock.now() },
        ...{ by: by.slice(0, 500), number: this.board.nextNumber(key) },
        ...(set !== undefined && { set }),
      });
      const value = JSON.stringify(signRecord(key, record, signer));
      const compare = unchanged(key, this.board.revisionOf(key));
      const { succeeded, revision } = await this.#store.txn([compare], [{ op: 'put', key, value }]);
      if (succeeded) {
        this.board.found(key, value, revision);
        return;
      }
      if (ifUnchanged || tries === maxTries) {
        throw new IsthmusError('PRECONDITION_FAILED', {
          what: 'It was changed at another gateway meanwhile',
          where: key,
        });
      }
      // Its writing has a number, and this one is to have the next.
      const stored = await this.#store.get(key);
      if (stored) this.board.found(key, stored.value, stored.modRevision);
      else this.board.gone(key);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTidy();
    this.board.close();
    await this.#file.close();
  }

  #changed(): void {
    this.#options.changed();
    this.#file.changed();
    if (this.board.lost.length > 0 || this.board.setBack.length > 0) void this.#tidy();
  }

  #tidyLater(): void {
    this.#cancelTidy = this.#options.clock.after(tidyEveryMs, () => {
      void this.#tidy().then(() => {
        if (!this.#isClosed) this.#tidyLater();
      });
    });
  }

  async #tidy(): Promise<void> {
    if (this.#isTidying || this.#isClosed) return;
    this.#isTidying = true;
    try {
      if (!this.#options.mayWrite()) return;
      await this.#restore();
      await this.#bringForward();
      await this.#forgetDeleted();
    } catch (err) {
      // That the registry does not answer is told elsewhere.
      this.#options.log.debug({ err }, 'written policies wait to be tidied');
    } finally {
      this.#isTidying = false;
    }
  }

  /** Brings back what nobody deleted, unless it went with its cluster. */
  async #restore(): Promise<void> {
    const { lost } = this.board;
    if (lost.length === 0) return;
    const { federation, self: cluster, owner, log } = this.#options;
    const own = encodeKey(federation, { kind: 'clusters', cluster });
    const left = encodeKey(federation, { kind: 'departures', cluster });
    const [member, departure] = await this.#store.getMany([own, left]);
    if (departure && owner !== wholeFederation) this.board.forget(lost);
    else if (member && !departure) {
      for (const key of lost) {
        const value = JSON.stringify(this.board.all.get(key)?.raw);
        await this.#store.txn(
          [
            { key: own, exists: true },
            { key: left, exists: false },
            { key, exists: false },
          ],
          [{ op: 'put', key, value }],
        );
      }
      log.warn({ keys: lost }, 'the registry had lost policies; they are restored');
    }
  }

  /** Puts what is known in the place of an older writing, as it was signed: also for gateways that know none. */
  async #bringForward(): Promise<void> {
    for (const key of this.board.setBack) {
      const known = this.board.all.get(key);
      const modRevision = this.board.revisionOf(key);
      if (known === undefined || modRevision === undefined) continue;
      const value = JSON.stringify(known.raw);
      const put = { op: 'put', key, value } as const;
      const { succeeded, revision } = await this.#store.txn([{ key, modRevision }], [put]);
      if (!succeeded) continue;
      this.board.found(key, value, revision);
      this.#options.log.warn({ key }, 'somebody put an older policy back; the latest is restored');
    }
  }

  async #forgetDeleted(): Promise<void> {
    const before = this.#options.clock.now() - deletedForMs;
    for (const [key, { resource, record }] of this.board.all) {
      const modRevision = this.board.revisionOf(key);
      if (resource !== undefined || record.at > before || modRevision === undefined) continue;
      await this.#store.txn([{ key, modRevision }], [{ op: 'delete', key }]);
    }
    const gone = [...this.board.all].filter(([key]) => this.board.revisionOf(key) === undefined);
    if (gone.length <= mostGone) return;
    gone.sort(([, one], [, other]) => one.record.at - other.record.at);
    this.board.forget(gone.slice(0, gone.length - mostGone).map(([key]) => key));
  }
}

function unchanged(key: string, modRevision: number | undefined): Compare {
  return modRevision === undefined ? { key, exists: false } : { key, modRevision };
}
