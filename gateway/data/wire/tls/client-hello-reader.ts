/** Owns finding the ClientHello at the start of a connection, however its octets are cut into records and reads. */
import { type ClientHello, type HelloRefusal, parseClientHello, refused } from './client-hello.ts';

export type HelloStep =
  /** The ClientHello is not whole yet. */
  | { readonly kind: 'more' }
  | { readonly kind: 'whole'; readonly whole: ClientHello }
  | HelloRefusal;

/** A hello that is not whole within so many octets, its records' headers included, is refused. */
export const maxHelloBytes = 16_384;

const recordHeaderBytes = 5;
const handshakeHeaderBytes = 4;
const handshakeRecord = 22;
const clientHelloMessage = 1;
/** Most octets of a record that is not encrypted (RFC 8446 section 5.1). */
const maxRecordBytes = 16_384;

const more: HelloStep = { kind: 'more' };

/**
 * Octets go in as they come, until it says something other than `more`; it keeps them all, for whoever takes the
 * connection from there. What it says depends on the octets alone, never on how they were cut.
 */
export class ClientHelloReader {
  #kept: Buffer = Buffer.allocUnsafe(1_024);
  #length = 0;
  /** How far what is kept has been read. */
  #at = 0;
  /** Octets that the record has left; 0 between records. */
  #recordLeft = 0;
  /** The handshake message without records, as far as it has come. */
  #message: Buffer = Buffer.allocUnsafe(1_024);
  #messageLength = 0;
  #result: HelloStep = more;

  /** Everything that was read, what came behind the hello included. Valid until the next `read`. */
  get octets(): Buffer {
    return this.#kept.subarray(0, this.#length);
  }

  /** Reads on. Once it has said something other than `more` it takes nothing and says the same again. */
  read(octets: Uint8Array): HelloStep {
    if (this.#result.kind !== 'more') return this.#result;
    this.#kept = withRoom(this.#kept, this.#length, octets.length);
    this.#kept.set(octets, this.#length);
    this.#length += octets.length;
    this.#result = this.#advance();
    return this.#result;
  }

  #advance(): HelloStep {
    const end = Math.min(this.#length, maxHelloBytes);
    for (;;) {
      if (this.#recordLeft === 0) {
        const wrong = this.#beginRecord(end);
        if (wrong !== undefined) return wrong;
        if (this.#recordLeft === 0) break;
      }
      const step = this.#takeRecord(end);
      if (step !== undefined) return step;
      if (this.#recordLeft > 0) break;
    }
    return end < maxHelloBytes ? more : tooLong();
  }

  /** Reads a record's header. Leaves `#recordLeft` at 0 when it is not all there. */
  #beginRecord(end: number): HelloRefusal | undefined {
    const at = this.#at;
    // A message that its first octets tell to be wrong is not waited for.
    if (end > at && this.#kept[at] !== handshakeRecord) return notTls();
    if (end > at + 1 && this.#kept[at + 1] !== 3) return notTls();
    if (end < at + recordHeaderBytes) return undefined;
    const length = this.#kept.readUInt16BE(at + 3);
    if (length === 0) return refused('A TLS record is empty');
    if (length > maxRecordBytes) return refused('A TLS record is too long');
    this.#recordLeft = length;
    this.#at += recordHeaderBytes;
    return undefined;
  }

  /** Takes the octets of the record into the message; says something once the message is whole, or can't be. */
  #takeRecord(end: number): HelloStep | undefined {
    const size = Math.min(this.#recordLeft, end - this.#at);
    this.#message = withRoom(this.#message, this.#messageLength, size);
    this.#kept.copy(this.#message, this.#messageLength, this.#at, this.#at + size);
    this.#messageLength += size;
    this.#recordLeft -= size;
    this.#at += size;
    if (this.#messageLength > 0 && this.#message[0] !== clientHelloMessage) {
      return refused('The first message is no ClientHello');
    }
    if (this.#messageLength < handshakeHeaderBytes) return undefined;
    const messageEnd = handshakeHeaderBytes + this.#message.readUIntBE(1, 3);
    if (messageEnd > maxHelloBytes) return tooLong();
    if (this.#messageLength < messageEnd) return undefined;
    const hello = parseClientHello(this.#message.subarray(handshakeHeaderBytes, messageEnd));
    return 'kind' in hello ? hello : { kind: 'whole', whole: hello };
  }
}

function notTls(): HelloRefusal {
  return refused('What came is not TLS');
}

function tooLong(): HelloRefusal {
  return refused(`The ClientHello is longer than ${maxHelloBytes} octets`);
}

/** `buffer`, or a copy of its first `used` octets that has room for `more` behind them. */
function withRoom(buffer: Buffer, used: number, more: number): Buffer {
  if (used + more <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, used + more));
  buffer.copy(larger, 0, 0, used);
  return larger;
}
