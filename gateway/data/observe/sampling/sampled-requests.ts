/** Owns the requests that a worker remembers: of each service and minute a few, drawn evenly from all that came; of the last ten minutes. */
import type { Clock, Random } from '../../../../core/clock.ts';
import type { ServiceName } from '../../../../core/names.ts';
import { type Known, type SampledRequest, sampledRequest } from './sampled-request.ts';

const minuteMs = 60_000;
/** Minutes that are remembered, the current one among them. */
const minutesKept = 10;
/** Most requests remembered of one minute, and services that any are remembered of. */
const mostPerMinute = 500;

/** A place for a request that is remembered once it is over. */
export interface SamplePlace {
  keep(known: Known): void;
}

interface SamplingOptions {
  /** Requests remembered of each service and minute, where there is room. */
  readonly perMinute: number;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly random: Random;
}

type Kept = Omit<SampledRequest, 'standsFor'>;
type Drawn = Map<ServiceName | undefined, Reservoir>;

export class SampledRequests {
  readonly #options: SamplingOptions;
  /** The current minute first. */
  #minutes: { readonly since: number; readonly drawn: Drawn }[] = [];
  /** Of the current minute: for the path of every request. */
  #drawn: Drawn = new Map();
  #room = 0;

  constructor(options: SamplingOptions) {
    this.#options = options;
  }

  /** Called for every request. Undefined for one that is not remembered; the place of one that may be. */
  draw(service: ServiceName | undefined): SamplePlace | undefined {
    const reservoir = this.#drawn.get(service) ?? this.#begin(service);
    return reservoir !== undefined && ++reservoir.seen >= reservoir.next
      ? reservoir.draw(this.#options.random)
      : undefined;
  }

  /** All that is remembered, the oldest first. */
  list(): readonly SampledRequest[] {
    this.#forget();
    const all = this.#minutes.flatMap(({ drawn }) => [...drawn.values()].flatMap((one) => one.all));
    return all.toSorted((a, b) => a.at - b.at);
  }

  #begin(service: ServiceName | undefined): Reservoir | undefined {
    if (this.#drawn.size === 0) this.#beginMinute();
    if (this.#room === 0) return undefined;
    // Who comes late gets less, so that there is some for very many.
    const size = Math.max(1, Math.min(this.#options.perMinute, Math.floor(this.#room / 8)));
    this.#room -= size;
    const reservoir = new Reservoir(size);
    this.#drawn.set(service, reservoir);
    return reservoir;
  }

  /** The first request of a minute begins it: a gateway that nobody asks anything does nothing. */
  #beginMinute(): void {
    const { clock } = this.#options;
    this.#forget();
    this.#room = mostPerMinute;
    this.#minutes.unshift({ since: clock.monotonic(), drawn: this.#drawn });
    clock.after(minuteMs, () => {
      this.#drawn = new Map();
      this.#forget();
    });
  }

  #forget(): void {
    const eldest = this.#options.clock.monotonic() - minutesKept * minuteMs;
    this.#minutes = this.#minutes.filter(({ since }) => since > eldest);
  }
}

/** Each request that came has the same chance to be among those of a reservoir (Li 1994, algorithm L). */
class Reservoir {
  /** Requests that came. */
  seen = 0;
  /** The number of the next one that is drawn. */
  next = 1;
  readonly #size: number;
  readonly #kept: (Kept | undefined)[] = [];
  #places = 0;
  #w = 1;

  constructor(size: number) {
    this.#size = size;
  }

  get all(): SampledRequest[] {
    const kept = this.#kept.filter((one) => one !== undefined);
    return kept.map((one) => ({ ...one, standsFor: this.seen / kept.length }));
  }

  draw(random: Random): SamplePlace {
    const place = this.#places < this.#size ? this.#places++ : Math.floor(random() * this.#size);
    this.next = this.#places < this.#size ? this.seen + 1 : this.#after(random);
    return {
      keep: (known) => {
        this.#kept[place] = sampledRequest(known);
      },
    };
  }

  #after(random: Random): number {
    // Never the logarithm of 0.
    const drawn = () => Math.log(1 - random());
    this.#w *= Math.exp(drawn() / this.#size);
    return this.seen + 1 + Math.floor(drawn() / Math.log1p(-this.#w));
  }
}
