/** Owns reading the responses of one connection, in the order of the requests they answer (RFC 9112). */
import { maxInterims } from './limits.ts';
import { MessageParser } from './message-parser.ts';
import { type Refusal, refusals } from './refusal.ts';
import { type Awaited, type ResponseHead, readResponseHead } from './response-head.ts';
import type { Section } from './section-scanner.ts';

/**
 * Steps: any number of `interim`, `head`, then `data` any number of times, then `end`; then the next response.
 * Final are `closed`, `tunnel` (after the head of a 101, or of a 2xx to CONNECT) and `refused`.
 */
export class ResponseParser extends MessageParser<ResponseHead> {
  /** The request whose response is next, and those behind it: most often there are none. */
  #next: Awaited | undefined;
  readonly #behind: Awaited[] = [];
  /** Interim responses to the next one so far. */
  #interims = 0;

  /** Say so before each request is sent: how its response ends depends on it (RFC 9112 section 6.3). */
  expect(request: Awaited): void {
    if (this.#next === undefined) this.#next = request;
    else this.#behind.push(request);
  }

  protected override begin(
    _buffer: Buffer,
    start: number,
    end: number,
  ): 'begun' | Refusal | undefined {
    if (start === end) return undefined;
    return this.#next === undefined ? refusals['response-unexpected'] : 'begun';
  }

  protected override readHead(section: Section): ResponseHead | Refusal {
    const head = readResponseHead(section, this.#next as Awaited);
    if (head.kind === 'head') this.#answered();
    else if (head.kind === 'interim' && ++this.#interims > maxInterims)
      return refusals['too-many-interims'];
    return head;
  }

  protected override isSame({ answers }: ResponseHead): boolean {
    const { method, upgrade } = this.#next as Awaited;
    if (method !== answers || upgrade) return false;
    this.#answered();
    return true;
  }

  #answered(): void {
    this.#interims = 0;
    this.#next = this.#behind.length > 0 ? this.#behind.shift() : undefined;
  }
}
