/** Owns the Date of responses that come without one (RFC 9110 section 6.6.1), made once a second. */
import { type FieldLines, fieldLines } from '../wire/http1/field-lines.ts';

export class HttpDate {
  #second = -1;
  #line: FieldLines = fieldLines([]);

  /** The whole field line for `now`, in milliseconds since the epoch. */
  line(now: number): FieldLines {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#line = fieldLines(['date', new Date(now).toUTCString()]);
    }
    return this.#line;
  }
}
