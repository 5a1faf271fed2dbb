/** Owns reading the responses of one connection, in the order of the requests they answer (RFC 9112). */
import { MessageParser } from './message-parser.ts';
import { type Refusal, refusals } from './refusal.ts';
import { type Awaited, type ResponseHead, readResponseHead } from './response-head.ts';
import type { Section } from './section-scanner.ts';

/**
 * Steps: any number of `interim`, `head`, then `data` any number of times, then `end`; then the next response.
 * Final are `closed`, `tunnel` (after the head of a 101, or of a 2xx to CONNECT) and `refused`.
 */
export class ResponseParser extends MessageParser<ResponseHead> {
  readonly #awaited: Awaited[] = [];

  /** Say so before each request is sent: how its response ends depends on it (RFC 9112 section 6.3). */
  expect(request: Awaited): void {
    this.#awaited.push(request);
  }

  protected override begin(
    _buffer: Buffer,
    start: number,
    end: number,
  ): 'begun' | Refusal | undefined {
    if (start === end) return undefined;
    return this.#awaited.length === 0 ? refusals['response-unexpected'] : 'begun';
  }

  protected override readHead(section: Section): ResponseHead | Refusal {
    const head = readResponseHead(section, this.#awaited[0] as Awaited);
    if (head.kind === 'head') this.#awaited.shift();
    return head;
  }
}
