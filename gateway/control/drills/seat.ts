/** Owns this gateway's seat among those that drill: taken while its cluster is in a federation, and what can be said from it. */
import { IsthmusError } from '../../../core/errors.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import { noEffects } from './effects.ts';
import { Participation, type ParticipationOptions } from './participation.ts';

/** The parts of a federation that a participation needs. */
export type FederationParts = Pick<ParticipationOptions, 'store' | 'verify'>;
/** The parts that a participation needs and that exist before its cluster is in a federation. */
export type SeatOptions = Omit<ParticipationOptions, keyof FederationParts>;

/** How long the registry may be out of sight before it is said to be: its client looks away for a moment when trust changes. */
const hearMs = 1_000;
const lookEveryMs = 50;

export class Seat {
  readonly #options: SeatOptions;
  readonly #subscribers = new Subscribers();
  #participation: Participation | undefined;
  #of: FederationParts['store'] | undefined;
  /** Entering and leaving, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Takes part in the drills of a federation from now on; undefined: in none. The same one again: trust may have changed. */
  follow(membership: FederationParts | undefined): void {
    if (membership?.store === this.#of) {
      this.#participation?.reconsider();
      return;
    }
    this.#of = membership?.store;
    this.#changing = this.#changing.then(async () => {
      try {
        await this.#change(membership);
      } catch (err) {
        this.#options.log.error({ err }, 'drills are not followed');
      }
    });
  }

  async #change(membership: FederationParts | undefined): Promise<void> {
    const before = this.#participation;
    this.#participation = undefined;
    await before?.close({ withdraw: false });
    if (before) this.#options.apply(noEffects);
    if (!membership || membership.store !== this.#of) return;
    this.#participation = new Participation({ ...this.#options, ...membership });
    this.#participation.onChange(() => this.#subscribers.tell());
    await this.#participation.start();
  }

  /** Undefined while its cluster is in no federation. */
  get participation(): Participation | undefined {
    return this.#participation;
  }

  /** Calls `subscriber` after a drill, an order or a schedule changed; returns a function that stops that. */
  onChange(subscriber: () => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Throws NOT_A_MEMBER. */
  member(): Participation {
    if (this.#participation) return this.#participation;
    throw new IsthmusError('NOT_A_MEMBER', { what: `${this.#options.self} is in no federation` });
  }

  /**
   * Resolves once everybody hears at once what is said here: then it can be taken back as well. Rejects with
   * NOT_A_MEMBER, or after a second with DRILL_NOT_REVERTIBLE.
   */
  async heard(): Promise<Participation> {
    const { clock } = this.#options;
    const end = clock.monotonic() + hearMs;
    while (!this.member().isHeard && clock.monotonic() < end) {
      this.member().hurry();
      await new Promise<void>((resolve) => clock.after(lookEveryMs, resolve));
    }
    const participation = this.member();
    if (participation.isHeard) return participation;
    throw new IsthmusError('DRILL_NOT_REVERTIBLE', {
      what: 'The registry does not answer, so that a drill could neither be led nor ended',
    });
  }

  async close(options: { readonly withdraw: boolean }): Promise<void> {
    this.#of = undefined;
    await this.#changing;
    const participation = this.#participation;
    this.#participation = undefined;
    await participation?.close(options);
    this.#subscribers.clear();
  }
}
