/** Specifies the Huffman code of HPACK: what it packs it unpacks, and padding is what RFC 7541 section 5.2 says. */
import test from 'ava';
import fc from 'fast-check';
import { codeLengths } from '../../../../../gateway/data/wire/hpack/huffman-code.ts';
import {
  huffmanDecode,
  unpackedBound,
} from '../../../../../gateway/data/wire/hpack/huffman-decode.ts';
import {
  huffmanEncode,
  huffmanLength,
} from '../../../../../gateway/data/wire/hpack/huffman-encode.ts';
import { hex } from './tables.ts';

function pack(text: string): Buffer {
  const room = Buffer.alloc(huffmanLength(text) + 1);
  return room.subarray(0, huffmanEncode(text, room, 0));
}

function unpack(packed: Buffer): string | undefined {
  const room = Buffer.alloc(unpackedBound(packed.length));
  const length = huffmanDecode(packed, 0, packed.length, room);
  return length < 0 ? undefined : room.toString('latin1', 0, length);
}

for (const [text, packed] of [
  ['www.example.com', 'f1e3 c2e5 f23a 6ba0 ab90 f4ff'],
  ['no-cache', 'a8eb 1064 9cbf'],
  ['custom-value', '25a8 49e9 5bb8 e8b4 bf'],
  ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff'],
] as const) {
  test(`"${text}" packs as RFC 7541 appendix C has it`, (t) => {
    t.deepEqual(pack(text), hex(packed));
    t.is(unpack(hex(packed)), text);
  });
}

test('the code is complete: no sequence of bits is left without a meaning', (t) => {
  t.is(
    codeLengths.reduce((sum, length) => sum + 2 ** -length, 0),
    1,
  );
});

test('every text of one-octet characters comes back, in as many octets as were foretold', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      const text = Buffer.from(octets).toString('latin1');
      const packed = pack(text);
      t.is(packed.length, huffmanLength(text));
      t.is(unpack(packed), text);
    }),
  );
  t.pass();
});

test('a character that needs more than an octet is replaced, and never cut down to a line break', (t) => {
  t.is(unpack(pack('a\u010ab')), 'a?b');
});

test('padding may be up to seven ones', (t) => {
  // "a" is 00011.
  t.is(unpack(hex('1f')), 'a');
  t.is(unpack(hex('1e')), undefined, 'padding with a zero');
  t.is(unpack(hex('1fff')), undefined, 'padding of eleven bits');
  t.is(unpack(hex('ff')), undefined, 'padding of eight bits');
});

test('the end-of-string code in a text is an error', (t) => {
  t.is(unpack(hex('ffff ffff')), undefined);
  t.is(unpack(hex('1fff ffff ff1f')), undefined);
});
