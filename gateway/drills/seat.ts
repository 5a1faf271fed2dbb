/** Owns this gateway's seat among those that drill: taken while its cluster is in a federation, and what can be said from it. */
import { IsthmusError } from '../../core/errors.ts';
import { Listeners } from '../../core/listeners.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import { noEffects } from './effects.ts';
import { Participation, type ParticipationOptions } from './participation.ts';

/** What a participation needs of the federation. */
export type Membership = Pick<ParticipationOptions, 'store' | 'verify'>;
/** What it needs that is there before its cluster is in a federation. */
export type SeatOptions = Omit<ParticipationOptions, keyof Membership | 'changed'>;

/** How long what was written here is waited for to come back from the registry. */
const tellMs = 2_000;
/** How long the registry may be out of sight before it is said to be: its client looks away for a moment when trust changes. */
const hearMs = 1_000;
const lookEveryMs = 50;

export class Seat {
  readonly #options: SeatOptions;
  readonly #listeners = new Listeners();
  #participation: Participation | undefined;
  #of: Membership['store'] | undefined;
  /** Entering and leaving, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Takes part in the drills of a federation from now on; undefined: in none. The same one again: trust may have changed. */
  follow(membership: Membership | undefined): void {
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

  async #change(membership: Membership | undefined): Promise<void> {
    const before = this.#participation;
    this.#participation = undefined;
    await before?.close({ withdraw: false });
    if (before) this.#options.apply(noEffects);
    if (!membership || membership.store !== this.#of) return;
    this.#participation = new Participation({
      ...this.#options,
      ...membership,
      changed: () => {
        this.#listeners.tell();
      },
    });
    await this.#participation.start();
  }

  /** Undefined while its cluster is in no federation. */
  get participation(): Participation | undefined {
    return this.#participation;
  }

  /** Calls `listener` after a drill, an order or a schedule changed; returns a function that stops that. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
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

  /** Resolves once the registry has told here what was written here, or after a while: whoever asks next sees it. */
  told(isTold: () => boolean): Promise<void> {
    if (isTold()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        stop();
        resolve();
      };
      const cancel = this.#options.clock.after(tellMs, done);
      const stop = this.onChange(() => {
        if (isTold()) done();
      });
    });
  }

  /** Throws NOT_A_MEMBER or CLUSTER_NOT_FOUND. */
  assertCluster(cluster: ClusterName): void {
    if (this.member().world.isMember(cluster)) return;
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member` });
  }

  /** Throws NOT_A_MEMBER or SERVICE_NOT_FOUND. */
  assertService(service: ServiceName): void {
    if (this.member().world.services().includes(service)) return;
    throw new IsthmusError('SERVICE_NOT_FOUND', { what: `Nobody has a service ${service}` });
  }

  async close(options: { readonly withdraw: boolean }): Promise<void> {
    this.#of = undefined;
    await this.#changing;
    const participation = this.#participation;
    this.#participation = undefined;
    await participation?.close(options);
    this.#listeners.clear();
  }
}
