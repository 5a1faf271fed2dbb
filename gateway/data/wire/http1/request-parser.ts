/** Owns reading the requests of one connection, one after another (RFC 9112). */
import { MessageParser } from './message-parser.ts';
import { cr, lf } from './octets.ts';
import { type Refusal, refusals } from './refusal.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';
import type { Section } from './section-scanner.ts';

/**
 * Steps: `head`, then `data` any number of times, then `end`; then the next request. Final are `closed` (the
 * client asked for no further request), `tunnel` (after the head of a CONNECT) and `refused` (answer, then close).
 *
 * A client that asked to upgrade waits: stop at its `end`; after a 101, `position` is where the other protocol
 * begins, after any other answer go on.
 */
export class RequestParser extends MessageParser<RequestHead> {
  /** How much of the one empty line before a request was seen. */
  #emptyLine: 'none' | 'cr' | 'whole' = 'none';

  /** One empty line is skipped (RFC 9112 section 2.2: some clients send one after content). */
  protected override begin(
    buffer: Buffer,
    start: number,
    end: number,
  ): 'begun' | Refusal | undefined {
    let i = start;
    if (i < end && buffer[i] === cr && this.#emptyLine === 'none') {
      this.#emptyLine = 'cr';
      i++;
    }
    if (i < end && this.#emptyLine === 'cr') {
      this.position = i;
      if (buffer[i] !== lf) return refusals['bare-cr'];
      this.#emptyLine = 'whole';
      i++;
    }
    this.position = i;
    if (i === end) return undefined;
    this.#emptyLine = 'none';
    return 'begun';
  }

  protected override readHead(section: Section): RequestHead | Refusal {
    return readRequestHead(section);
  }

  protected override isSame(): boolean {
    return true;
  }
}
