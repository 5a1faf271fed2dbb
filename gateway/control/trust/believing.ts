/** Owns what this gateway says of trust in its record: by which bundles all its workers verify, and which root vouches for them. */
import type { Clock } from '../../../core/clock.ts';
import type { Changes } from '../changes.ts';

/** Parts of a `GatewayRecord`. */
interface Said {
  /** Sequences of bundles by cluster, the own one included. */
  readonly believes: Readonly<Record<string, number>>;
  /** Fingerprint of the root that signed the gateway's certificate. */
  readonly root: string;
}

interface BelievingOptions {
  /** As the control side has it now. */
  now(): Said;
  /** Resolves to whether every worker goes by what it was told so far. */
  areInStep(): Promise<boolean>;
  /** What is said has changed. */
  changed(): void;
  readonly clock: Clock;
}

/** A worker that has more to do than to answer is asked again after this. */
const againMs = 1_000;

export class Believing {
  readonly #options: BelievingOptions;
  #said: Said | undefined;
  #isAsking = false;
  #isDue = false;
  #cancel = (): void => {};

  constructor(options: BelievingOptions) {
    this.#options = options;
  }

  /** Undefined until all workers go by it. */
  get said(): Said | undefined {
    return this.#said;
  }

  /** Looks whenever trust changes, from now on. */
  follow(changes: Pick<Changes, 'join'>): void {
    const look = (): void => this.look();
    changes.join({ trust: look, membership: look, identity: look });
  }

  look(): void {
    this.#isDue = true;
    if (!this.#isAsking) void this.#ask();
  }

  close(): void {
    this.#cancel();
    this.#isDue = false;
  }

  async #ask(): Promise<void> {
    const { areInStep, changed, clock } = this.#options;
    this.#isAsking = true;
    this.#cancel();
    while (this.#isDue) {
      this.#isDue = false;
      const now = this.#options.now();
      if (!(await areInStep())) {
        this.#cancel = clock.after(againMs, () => this.look());
        continue;
      }
      if (JSON.stringify(now) === JSON.stringify(this.#said)) continue;
      this.#said = now;
      changed();
    }
    this.#isAsking = false;
  }
}
