/** Owns which gateways of the own cluster are gone, without a sign of life for a while, and which of those were lost rather than ended. */
import type { Clock } from '../../../core/clock.ts';
import type { ClusterView } from '../../../registry/snapshot.ts';
import type { LostGateways } from './lost-gateways.ts';

/** A gateway that starts, or takes its lease anew, is without a sign of life for a moment. Milliseconds. */
const graceMs = 5_000;

export class Siblings {
  readonly #clock: Clock;
  readonly #self: string;
  readonly #someGone: () => void;
  /** Since when each was missed, monotonic milliseconds. */
  readonly #missedSince = new Map<string, number>();
  /** Gateways that said that they end. */
  readonly #ended = new Set<string>();
  readonly #lost: LostGateways;
  #cancel = (): void => {};

  /** `someGone` is called when one has been missed long enough. */
  constructor(clock: Clock, self: string, lost: LostGateways, someGone: () => void) {
    this.#clock = clock;
    this.#self = self;
    this.#lost = lost;
    this.#someGone = someGone;
  }

  /** Looks at what the registry has of the own cluster. */
  look(view: Pick<ClusterView, 'record' | 'gateways'> | undefined): void {
    for (const [id, { ending }] of view?.gateways ?? []) {
      this.#lost.delete(id);
      if (ending) this.#ended.add(id);
      else this.#ended.delete(id);
    }
    const named = Object.keys(view?.record?.gateways ?? {});
    const missed = named.filter((id) => id !== this.#self && !view?.gateways.has(id));
    for (const id of this.#missedSince.keys()) {
      if (!missed.includes(id)) this.#missedSince.delete(id);
    }
    for (const id of missed) {
      if (this.#missedSince.has(id)) continue;
      this.#missedSince.set(id, this.#clock.monotonic());
      this.#cancel();
      this.#cancel = this.#clock.after(graceMs, () => this.#settle());
    }
  }

  /** Gateways that were lost in the last day and are not back: when each was found lost, wall milliseconds. */
  get lost(): ReadonlyMap<string, number> {
    return this.#lost.all;
  }

  /** Whether `id` has been missed long enough. */
  isGone(id: string): boolean {
    const since = this.#missedSince.get(id);
    return since !== undefined && this.#clock.monotonic() - since >= graceMs;
  }

  #settle(): void {
    for (const id of this.#missedSince.keys()) {
      if (this.isGone(id) && !this.#ended.has(id)) this.#lost.add(id);
    }
    this.#someGone();
  }

  close(): void {
    this.#cancel();
  }
}
