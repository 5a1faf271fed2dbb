/** Owns ids for requests that came without one: random UUIDs (RFC 9562 section 5.4), most of each made ahead. */
import { randomUUID } from 'node:crypto';
import { ownText } from '../../core/own-text.ts';
import { requestIdField } from './headers.ts';

/** The last three digits of an id, and the end of its line. */
const tails = Array.from({ length: 4096 }, (_, i) => `${i.toString(16).padStart(3, '0')}\r\n`);

/**
 * Ids that differ in their last three digits share the 110 random bits before them, which are drawn anew for the
 * next 4096: drawing and spelling a whole UUID for every request costs more than finding its route.
 */
export class RequestIds {
  #stem = '';
  #next = tails.length;

  /** A whole field line. */
  nextLine(): string {
    if (this.#next === tails.length) {
      this.#next = 0;
      this.#stem = ownText(`${requestIdField}: ${randomUUID().slice(0, -3)}`);
    }
    return this.#stem + (tails[this.#next++] as string);
  }
}
