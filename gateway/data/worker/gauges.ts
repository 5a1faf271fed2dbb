/** Owns a worker's gauges in shared memory: what the control side reads of it at any time, even while it hangs. */
import type { Slots } from '../observe/ledger.ts';

/** Slots by name. `inFlight` is first: it is the recorder's. */
const slots = [
  /** Requests that have come and are not answered in full. */
  'inFlight',
  /** Signs of life so far. */
  'beats',
  /** 99th percentile of the event loop's lag, in milliseconds. */
  'lagMs',
  'heapBytes',
  'heapLimitBytes',
  /** 1 while new requests are shed. */
  'shedding',
] as const;

type Gauge = (typeof slots)[number];
export const gaugeCount = slots.length;
const offsets = Object.fromEntries(slots.map((name, i) => [name, i])) as Record<Gauge, number>;

/** Written by the worker alone. */
export class Gauges {
  readonly #values: Float64Array;
  readonly #at: number;

  constructor({ values, at }: Pick<Slots, 'values' | 'at'>) {
    this.#values = values;
    this.#at = at;
  }

  get(gauge: Gauge): number {
    return this.#values[this.#at + offsets[gauge]] ?? 0;
  }

  set(gauge: Gauge, value: number): void {
    this.#values[this.#at + offsets[gauge]] = value;
  }
}
