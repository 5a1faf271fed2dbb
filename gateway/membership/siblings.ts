/** Owns which gateways of the own cluster are gone for good: those the cluster's record has, without a sign of life for a while. */
import type { Clock } from '../../core/clock.ts';
import type { ClusterView } from '../../registry/snapshot.ts';

/** One that starts, or takes its lease anew, is without a sign of life for a moment. Milliseconds. */
const graceMs = 5_000;

export class Siblings {
  readonly #clock: Clock;
  readonly #self: string;
  readonly #someGone: () => void;
  /** Since when each was missed, monotonic milliseconds. */
  readonly #missedSince = new Map<string, number>();
  #cancel = (): void => {};

  /** `someGone` is called when one has been missed long enough. */
  constructor(clock: Clock, self: string, someGone: () => void) {
    this.#clock = clock;
    this.#self = self;
    this.#someGone = someGone;
  }

  /** Looks at what the registry has of the own cluster. */
  look(view: Pick<ClusterView, 'record' | 'gateways'> | undefined): void {
    const named = Object.keys(view?.record?.gateways ?? {});
    const missed = named.filter((id) => id !== this.#self && !view?.gateways.has(id));
    for (const id of this.#missedSince.keys()) {
      if (!missed.includes(id)) this.#missedSince.delete(id);
    }
    for (const id of missed) {
      if (this.#missedSince.has(id)) continue;
      this.#missedSince.set(id, this.#clock.monotonic());
      this.#cancel();
      this.#cancel = this.#clock.after(graceMs, this.#someGone);
    }
  }

  /** Whether `id` has been missed long enough. */
  isGone(id: string): boolean {
    const since = this.#missedSince.get(id);
    return since !== undefined && this.#clock.monotonic() - since >= graceMs;
  }

  close(): void {
    this.#cancel();
  }
}
