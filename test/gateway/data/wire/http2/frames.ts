/** Owns frames as raw bytes in tests: made by hand, and taken apart. */
import { HpackEncoder } from '../../../../../gateway/data/wire/hpack/encoder.ts';
import { flag, frameType, preface } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { encode } from '../hpack/tables.ts';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, payload]);
}

/** The frames in `bytes`, which holds nothing else. */
export function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  let at = bytes.indexOf(preface) === 0 ? preface.length : 0;
  while (at < bytes.length) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      id: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    });
    at = end;
  }
  return frames;
}

/** A header block that uses no dynamic table. */
export function block(fields: readonly string[]): Buffer {
  return encode(new HpackEncoder(), fields);
}

export const endStream: number = flag.endStream;

export function headers(id: number, fields: readonly string[], ends = true): Buffer {
  return frame(frameType.headers, flag.endHeaders | (ends ? flag.endStream : 0), id, block(fields));
}

export const get = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'a'];
export const post = [':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'a'];
export const ok = [':status', '200'];

export function data(id: number, text: string | Uint8Array, ends = false): Buffer {
  return frame(frameType.data, ends ? flag.endStream : 0, id, Buffer.from(text as string));
}

export function settings(...values: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  values.forEach(([id, value], n) => {
    payload.writeUInt16BE(id, n * 6);
    payload.writeUInt32BE(value, n * 6 + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

export const settingsAck: Buffer = frame(frameType.settings, flag.ack, 0);

export function rst(id: number, code: number): Buffer {
  return frame(frameType.rstStream, 0, id, uint32(code));
}

export function windowUpdate(id: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, id, uint32(increment));
}

export function ping(text = '12345678', ack = false): Buffer {
  return frame(frameType.ping, ack ? flag.ack : 0, 0, Buffer.from(text));
}

export function goaway(last: number, code: number, debug = ''): Buffer {
  return frame(
    frameType.goaway,
    0,
    0,
    Buffer.concat([uint32(last), uint32(code), Buffer.from(debug)]),
  );
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What a client says first. */
export const hello: Buffer = Buffer.concat([preface, settings(), settingsAck]);
