/** Owns PNG files as far as screenshots need them: reading what a browser writes, and writing 256 colours (W3C PNG, third edition). */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Three octets a pixel: red, green, blue. */
  readonly rgb: Uint8Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Octets a pixel by colour type: true colour, and with alpha. */
const octetsOf: Readonly<Record<number, number>> = { 2: 3, 6: 4 };

/** Reads 8-bit true colour that isn't interlaced; alpha is dropped. Throws on anything else. */
export function readPng(file: Buffer): Pixels {
  const data: Buffer[] = [];
  let head: Buffer | undefined;
  for (let at = signature.length; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') head = body;
    if (type === 'IDAT') data.push(body);
    at += 12 + length;
  }
  const octets = octetsOf[head?.[9] ?? -1];
  if (head === undefined || octets === undefined || head[8] !== 8 || head[12] !== 0) {
    throw new Error('this PNG is not 8-bit true colour');
  }
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const lines = unfilter(inflateSync(Buffer.concat(data)), width * octets, height, octets);
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    rgb.set(lines.subarray(i * octets, i * octets + 3), i * 3);
  }
  return { width, height, rgb };
}

/** Writes one octet a pixel into `palette` (three octets a colour). */
export function writePng(
  { width, height }: Pick<Pixels, 'width' | 'height'>,
  palette: Uint8Array,
  indexes: Uint8Array,
): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  // Neighbours in a palette are no neighbours in colour: filters don't help (section 12.7).
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', new Uint8Array()),
  ]);
}

function chunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** Undoes the filter of each line (section 9); `back` is how far the octet to the left of one is away. */
function unfilter(filtered: Uint8Array, stride: number, height: number, back: number): Uint8Array {
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const kind = filtered[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x < back ? 0 : (out[at - back] ?? 0);
      const up = y === 0 ? 0 : (out[at - stride] ?? 0);
      const corner = x < back || y === 0 ? 0 : (out[at - stride - back] ?? 0);
      const value = filtered[y * (stride + 1) + 1 + x] ?? 0;
      out[at] = value + predicted(kind, left, up, corner);
    }
  }
  return out;
}

function predicted(kind: number, left: number, up: number, corner: number): number {
  if (kind === 0) return 0;
  if (kind === 1) return left;
  if (kind === 2) return up;
  if (kind === 3) return (left + up) >> 1;
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
