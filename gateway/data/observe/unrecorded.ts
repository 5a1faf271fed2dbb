/** Owns the `traceparent` lines of traces that begin here and that nobody records, most of each made ahead. */
import type { Random } from '../../../core/clock.ts';
import { newSpanId, newTraceId } from './ids.ts';

/** The last three digits of an id. */
const tails = Array.from({ length: 4096 }, (_, i) => i.toString(16).padStart(3, '0'));

/**
 * Most requests of a gateway that traces few of them begin such a trace. Ids that differ in their last three digits
 * share what is before them, which is drawn anew for the next 4096, as those of requests do.
 */
export class UnrecordedTraces {
  readonly #random: Random;
  #start = '';
  #end = '';
  #next = tails.length;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A whole line, so that nobody further on decides otherwise. */
  line(): string {
    if (this.#next === tails.length) {
      this.#next = 0;
      this.#start = `traceparent: 00-${newTraceId(this.#random).slice(0, -3)}`;
      this.#end = `-${newSpanId(this.#random)}-00\r\n`;
    }
    return this.#start + (tails[this.#next++] as string) + this.#end;
  }
}
