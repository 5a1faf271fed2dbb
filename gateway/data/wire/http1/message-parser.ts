/** Owns what reading requests and reading responses have in common: head, content, end, and what is final. */
import { BodyDecoder, type BodyStep, type End, ended, more } from './body-decoder.ts';
import type { Framing } from './framing.ts';
import { LastHead } from './last-head.ts';
import { defaultLimits, type Http1Limits } from './limits.ts';
import { type Refusal, refusals } from './refusal.ts';
import { type Section, SectionScanner } from './section-scanner.ts';

/** No further message will be read: the last one said so, or the input ended between messages. */
interface Closed {
  readonly kind: 'closed';
}

/** From `position` on, octets belong to another protocol. */
interface Tunnel {
  readonly kind: 'tunnel';
}

type Final = Closed | Tunnel | Refusal;

const closed: Closed = { kind: 'closed' };
const tunnel: Tunnel = { kind: 'tunnel' };

interface AnyHead {
  readonly kind: 'head' | 'interim';
  readonly framing: Framing;
  readonly isTunnel: boolean;
  readonly isPersistent: boolean;
}

type State = 'between' | 'head' | 'body' | 'done';

/**
 * Feed it a read with `step(buffer, 0, length)`, then `step(buffer, position, length)` until it says `more` or
 * something final. Not calling it is how to pause, at any octet. It keeps no reference to the buffer.
 */
export abstract class MessageParser<Head extends AnyHead> {
  readonly #scanner: SectionScanner;
  readonly #body: BodyDecoder;
  readonly #last = new LastHead<Head>();
  #state: State = 'between';
  #isPersistent = true;
  /** The result of every further step, once there is a final one. */
  #final: Final = closed;
  /** Offset in the buffer of the last step up to which it has been read. */
  position = 0;

  constructor(limits: Http1Limits = defaultLimits) {
    this.#scanner = new SectionScanner(limits);
    this.#body = new BodyDecoder(limits, this.#scanner);
  }

  /** Octets held between steps: part of a head or of trailers, at most `maxHeadBytes`. */
  get keptBytes(): number {
    return this.#scanner.keptBytes;
  }

  step(buffer: Buffer, start: number, end: number): Head | BodyStep | Final {
    this.position = start;
    switch (this.#state) {
      case 'between': {
        const began = this.begin(buffer, start, end);
        if (began === undefined) return more;
        if (began !== 'begun') return this.#finish(began);
        this.#state = 'head';
        this.#isPersistent = true;
        return this.#takeHead(buffer, this.position, end);
      }
      case 'head':
        return this.#takeHead(buffer, start, end);
      case 'body':
        return this.#takeBody(buffer, start, end);
      case 'done':
        return this.#final;
    }
  }

  /** Whether another message may follow the one whose head came last, for all that it and its interim ones say. */
  get isPersistent(): boolean {
    return this.#isPersistent;
  }

  /** The end of the input: `end` when that ends a message, `closed` when none has begun, `refused` within one. */
  close(): End | Final {
    if (this.#state === 'done') return this.#final;
    if (this.#state === 'body' && this.#body.endsAtClose) {
      this.#finish(closed);
      return ended;
    }
    return this.#finish(this.#state === 'between' ? closed : refusals['message-incomplete']);
  }

  /** Moves `position` to the first octet of a message. Undefined: it is not there yet. */
  protected abstract begin(
    buffer: Buffer,
    start: number,
    end: number,
  ): 'begun' | Refusal | undefined;

  protected abstract readHead(section: Section): Head | Refusal;

  /** Whether `head`, whose octets came once more, means the same again. */
  protected abstract isSame(head: Head): boolean;

  #takeHead(buffer: Buffer, start: number, end: number): Head | BodyStep {
    const isNew = this.#scanner.keptBytes === 0;
    const known = isNew ? this.#last.find(buffer, start, end) : undefined;
    if (known !== undefined && this.isSame(known)) {
      this.position = start + this.#last.length;
      return this.#begun(known);
    }
    const section = this.#scanner.scan(buffer, start, end);
    this.position = this.#scanner.position;
    if (section === undefined) return more;
    if (section.kind === 'refused') return this.#finish(section);
    const head = this.readHead(section);
    if (head.kind === 'refused') return this.#finish(head);
    if (head.kind === 'interim') {
      this.#isPersistent &&= head.isPersistent;
      return head;
    }
    if (head.isTunnel) {
      this.#finish(tunnel);
      return head;
    }
    if (isNew) this.#last.keep(head, buffer, start, this.position);
    return this.#begun(head);
  }

  #begun(head: Head): Head {
    this.#isPersistent &&= head.isPersistent;
    this.#body.begin(head.framing);
    this.#state = 'body';
    return head;
  }

  #takeBody(buffer: Buffer, start: number, end: number): BodyStep {
    const step = this.#body.step(buffer, start, end);
    this.position = this.#body.position;
    if (step.kind === 'refused') return this.#finish(step);
    if (step.kind === 'end') {
      if (this.#isPersistent) this.#state = 'between';
      else this.#finish(closed);
    }
    return step;
  }

  #finish<Kind extends Final>(final: Kind): Kind {
    this.#state = 'done';
    this.#final = final;
    return final;
  }
}
