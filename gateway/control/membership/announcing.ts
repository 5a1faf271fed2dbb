/** Owns announcing this cluster to the federation: once, again when that is due, and never after its departure. */
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';

type AnnouncingState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'announced' }
  /** The cluster left or was evicted, as the registry says. */
  | { readonly kind: 'not-a-member'; readonly problem: IsthmusError }
  | { readonly kind: 'closed' };

interface AnnouncingOptions {
  /** Makes the cluster's records in the registry true. Throws NOT_A_MEMBER once it has departed, GATEWAYS_DISAGREE as `announce` does. */
  announce(): Promise<void>;
  /** Another gateway of the cluster says otherwise than this one, or no more. */
  disputed(): void;
  /** The cluster is announced, for the first time. */
  announced(): void;
  /** The cluster is a member, and the registry's values of these keys are in doubt. */
  restore(keys: ReadonlySet<string>): void;
  /** The cluster is a member no more. */
  departed(): void;
  readonly clock: Clock;
  readonly log: Log;
}

const againMs = 1_000;

export class Announcing {
  readonly #options: AnnouncingOptions;
  #state: AnnouncingState = { kind: 'waiting' };
  #disagreement: IsthmusError | undefined;
  #lost = new Set<string>();
  #isDue = false;
  #running = false;

  constructor(options: AnnouncingOptions) {
    this.#options = options;
  }

  get isAnnounced(): boolean {
    return this.#state.kind === 'announced';
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** NOT_A_MEMBER, if so. */
  get problem(): IsthmusError | undefined {
    return this.#state.kind === 'not-a-member' ? this.#state.problem : undefined;
  }

  /** GATEWAYS_DISAGREE, as long as that keeps this gateway from saying anything. */
  get disagreement(): IsthmusError | undefined {
    return this.#disagreement;
  }

  /** Announces, soon, and then has `lost` keys restored: only a member may bring back what is gone. */
  announce(lost: Iterable<string> = []): void {
    for (const key of lost) this.#lost.add(key);
    this.#isDue = true;
    if (!this.#running) void this.#run();
  }

  /** The registry says so. */
  depart(problem: IsthmusError): void {
    if (this.#state.kind === 'not-a-member' || this.#state.kind === 'closed') return;
    this.#state = { kind: 'not-a-member', problem };
    this.#options.log.error(
      { err: problem },
      'this cluster is not a member of its federation any more',
    );
    this.#options.departed();
  }

  close(): void {
    this.#state = { kind: 'closed' };
  }

  async #run(): Promise<void> {
    const { announce, log, clock } = this.#options;
    this.#running = true;
    while (this.#isDue && this.#isOpen()) {
      this.#isDue = false;
      try {
        await announce();
        this.#dispute(undefined);
        this.#done();
      } catch (thrown) {
        const error = asIsthmusError(thrown);
        if (error.code === 'NOT_A_MEMBER') this.depart(error);
        else {
          if (error.code === 'GATEWAYS_DISAGREE') this.#dispute(error);
          else log.warn({ err: error }, 'could not announce this cluster; trying again');
          this.#isDue = true;
          await new Promise<void>((resolve) => clock.after(againMs, resolve));
        }
      }
    }
    this.#running = false;
  }

  #dispute(disagreement: IsthmusError | undefined): void {
    const isNew = disagreement?.message !== this.#disagreement?.message;
    this.#disagreement = disagreement;
    if (!isNew) return;
    const { log, disputed } = this.#options;
    if (disagreement) log.error({ err: disagreement }, 'nothing is said of this gateway');
    disputed();
  }

  #done(): void {
    if (!this.#isOpen()) return;
    const isFirst = this.#state.kind === 'waiting';
    this.#state = { kind: 'announced' };
    if (isFirst) this.#options.announced();
    const lost = this.#lost;
    this.#lost = new Set();
    if (lost.size > 0) this.#options.restore(lost);
  }

  #isOpen(): boolean {
    return this.#state.kind === 'waiting' || this.#state.kind === 'announced';
  }
}
