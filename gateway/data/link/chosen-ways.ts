/** Owns which ways to another cluster are chosen over time: how long each place has led there, and when to look again. */
import type { Clock } from '../../../core/clock.ts';
import { headStartMs } from '../../../core/staggered.ts';
import type { LinkState } from '../balance/types.ts';
import {
  decideWays,
  hasChoice,
  type PlaceState,
  placesIn,
  reasonFor,
  type Scope,
  type Way,
} from './ways.ts';

/** So long a better way has to have led there before the one that stood in for it is let go of. */
const steadyMs = 5_000;

const nowhere: Way = { kind: 'all', of: [] };

interface ChosenWaysOptions {
  readonly clock: Clock;
  /** States of the connections to a place; empty where there are none. */
  states(place: string): readonly LinkState[];
  /** Time alone has changed what is to be decided. */
  onDue(): void;
}

/** Why there is a link to a place. */
export interface ChosenFor {
  /** The address as the other cluster says it: a name may stand for many places. */
  readonly advertised?: string | undefined;
  readonly scope?: Scope | undefined;
  /** Places that come first, and do not lead there, or have not for long. */
  readonly insteadOf?: readonly string[] | undefined;
}

/** A place by which a cluster is reached. */
export interface UsedAddress extends ChosenFor {
  /** `ip:port` */
  readonly address: string;
}

export class ChosenWays {
  readonly #options: ChosenWaysOptions;
  #way: Way = nowhere;
  /** Of each place that is linked to: whether it leads there, and since when; monotonic milliseconds. */
  readonly #noted = new Map<string, { readonly isUp: boolean; readonly since: number }>();
  #cancel = (): void => {};

  constructor(options: ChosenWaysOptions) {
    this.#options = options;
  }

  set(way: Way): void {
    this.#way = way;
    const places = new Set(placesIn(way));
    for (const place of this.#noted.keys()) if (!places.has(place)) this.#noted.delete(place);
  }

  /** Whether a change of one place's state may change what is decided. */
  get hasChoice(): boolean {
    return hasChoice(this.#way);
  }

  decide() {
    return decideWays(this.#way, (place) => this.#standing(place));
  }

  /** Has `onDue` called when what is decided may change by time alone. */
  wait(): void {
    this.#cancel();
    if (!this.hasChoice) return;
    const now = this.#options.clock.monotonic();
    const next = Math.min(...placesIn(this.#way).map((place) => this.#due(place)));
    if (next === Infinity) return;
    this.#cancel = this.#options.clock.after(Math.max(1, next - now), () => this.#options.onDue());
  }

  reasonFor(place: string): ChosenFor {
    const reason = reasonFor(this.#way, place);
    if (reason === undefined) return {};
    const { advertised, scope, before } = reason;
    const insteadOf = before.filter((one) => this.#standing(one) !== 'steady');
    return { advertised, scope, ...(insteadOf.length > 0 && { insteadOf }) };
  }

  /** There is nothing to choose any more. */
  close(): void {
    this.#cancel();
    this.set(nowhere);
  }

  #standing(place: string): PlaceState {
    const states = this.#options.states(place);
    if (states.length === 0) {
      this.#noted.delete(place);
      return 'new';
    }
    const isUp = states.includes('up');
    const now = this.#options.clock.monotonic();
    let noted = this.#noted.get(place);
    if (noted?.isUp !== isUp) {
      noted = { isUp, since: now };
      this.#noted.set(place, noted);
    }
    const longMs = now - noted.since;
    if (isUp) return longMs >= steadyMs ? 'steady' : 'up';
    const isOut = states.includes('down') || states.includes('suspect') || longMs >= headStartMs;
    return isOut ? 'out' : 'trying';
  }

  /** When a place that is `trying` or `up` is that no more; monotonic milliseconds. */
  #due(place: string): number {
    const standing = this.#standing(place);
    const noted = this.#noted.get(place);
    if (noted === undefined || (standing !== 'trying' && standing !== 'up')) return Infinity;
    return noted.since + (noted.isUp ? steadyMs : headStartMs);
  }
}
