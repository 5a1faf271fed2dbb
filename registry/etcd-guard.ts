/** Owns noticing, before it is needed, that etcd serves everybody although it is to ask who calls, or does not know this caller any more. */
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';

interface EtcdGuardOptions {
  /** Whether etcd asks who calls; where it does it is called, so that it can refuse. Rejects while it does not answer. */
  asks(): Promise<boolean>;
  /** For messages. */
  readonly where: string;
  readonly clock: Clock;
}

/** An etcd that is made anew is mostly noticed at once, by its answering again; one whose users are switched off, by then. */
const lookEveryMs = 5_000;

export class EtcdGuard {
  readonly #options: EtcdGuardOptions;
  #problem: IsthmusError | undefined;
  #isLooking = false;
  #cancel = (): void => {};
  #closed = false;

  constructor(options: EtcdGuardOptions) {
    this.#options = options;
  }

  /** REGISTRY_UNGUARDED, by the last look. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  /** Looks now, and from then on every 5 s until `close`; one look that fails leaves what is known. */
  look(): void {
    if (this.#isLooking || this.#closed) return;
    this.#isLooking = true;
    this.#cancel();
    const { asks, clock } = this.#options;
    asks()
      .then(
        (isAsking) => this.#note(isAsking),
        // Whether it answers is told by the calls that are wanted.
        () => undefined,
      )
      .finally(() => {
        this.#isLooking = false;
        if (!this.#closed) this.#cancel = clock.after(lookEveryMs, () => this.look());
      });
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #note(isAsking: boolean): void {
    const { where } = this.#options;
    const what =
      'The registry serves everybody: etcd does not ask who calls, though a user is configured here';
    this.#problem = isAsking ? undefined : new IsthmusError('REGISTRY_UNGUARDED', { what, where });
  }
}
