/** Owns ids for requests that came without one: random UUIDs (RFC 9562 section 5.4), most of each made ahead. */
import { randomUUID } from 'node:crypto';

/** The last three digits of an id. */
const tails = Array.from({ length: 4096 }, (_, i) => i.toString(16).padStart(3, '0'));

/**
 * Ids that differ in their last three digits share the 110 random bits before them, which are drawn anew for the
 * next 4096: drawing and spelling a whole UUID for every request costs more than finding its route.
 */
export class RequestIds {
  #stem = '';
  #next = tails.length;

  next(): string {
    if (this.#next === tails.length) {
      this.#next = 0;
      this.#stem = randomUUID().slice(0, -3);
    }
    return this.#stem + (tails[this.#next++] as string);
  }
}
