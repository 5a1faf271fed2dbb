/** Specifies encoding header blocks: short for what repeats, never indexed for secrets, always in step with the decoder. */
import test from 'ava';
import fc from 'fast-check';
import { HpackEncoder } from '../../../../../gateway/data/wire/hpack/encoder.ts';
import { decode, decoder, encode } from './tables.ts';

const text = fc
  .uint8Array({ maxLength: 60 })
  .map((octets) => Buffer.from(octets).toString('latin1'));
const name = fc.oneof(
  fc.constantFrom(':path', ':status', 'accept', 'cookie', 'x-a', 'x-b', 'authorization'),
  text.filter((value) => value.length > 0),
);
const value = fc.oneof(fc.constantFrom('', '/', '200', 'one', 'two', 'x'.repeat(900)), text);
const list = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((fields) => fields.flat());

test('whatever lists are sent, and however the table is resized in between, they come out as they were', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(list, fc.option(fc.constantFrom(0, 64, 200, 4_096), { freq: 4 })), {
        maxLength: 20,
      }),
      (steps) => {
        const encoder = new HpackEncoder();
        const by = decoder();
        for (const [fields, limit] of steps) {
          if (limit !== null) encoder.limitTable(limit);
          const decoded = decode(by, encode(encoder, fields));
          t.is(decoded.outcome, 'whole');
          t.deepEqual(decoded.fields, fields);
        }
      },
    ),
  );
  t.pass();
});

test('a field that repeats takes one octet from the third time on', (t) => {
  const encoder = new HpackEncoder();
  const sizes = [1, 2, 3].map(() => encode(encoder, ['x-tenant', 'blue-green']).length);
  t.true((sizes[0] ?? 0) > 10);
  t.is(sizes[2], 1);
});

test('fields that differ each time do not push out what repeats', (t) => {
  const encoder = new HpackEncoder();
  for (let n = 0; n < 2; n++) encode(encoder, ['x-tenant', 'blue-green']);
  for (let n = 0; n < 1_000; n++) encode(encoder, ['x-request-id', `id-${n * 7_919}-${n}`]);
  t.is(encode(encoder, ['x-tenant', 'blue-green']).length, 1);
});

for (const [field, secret] of [
  ['authorization', 'Bearer abcdefghijklmnopqrstuvwxyz'],
  ['proxy-authorization', 'Basic abcdefghijklmnopqrstuvwxyz'],
  ['set-cookie', 'session=abcdefghijklmnopqrstuvwxyz'],
  ['cookie', 's=short'],
] as const) {
  test(`${field} is never indexed`, (t) => {
    const encoder = new HpackEncoder();
    const by = decoder();
    for (let n = 0; n < 3; n++) {
      const {
        list: [decoded],
      } = decode(by, encode(encoder, [field, secret]));
      t.true(decoded?.sensitive);
      t.is(decoded?.value, secret);
    }
    t.is(by.tableSize, 0);
  });
}

test('a field that is said to be sensitive is never indexed, even when it was before', (t) => {
  const encoder = new HpackEncoder();
  for (let n = 0; n < 3; n++) encode(encoder, ['x-key', 'value-of-key']);
  const room = Buffer.alloc(100);
  encoder.begin(room, 0);
  encoder.field('x-key', 'value-of-key', true);
  t.is((room[0] ?? 0) & 0xf0, 0x10);
});

test('strings are packed where that is shorter, and only if wanted', (t) => {
  for (const [huffman, size] of [
    [true, 2 + 1 + 8],
    [false, 2 + 1 + 10],
  ] as const) {
    const encoder = new HpackEncoder(huffman);
    t.is(encode(encoder, ['user-agent', 'blue-green']).length, size);
    t.is(encode(encoder, ['user-agent', '{{{{{{{{{{']).length, 2 + 1 + 10);
  }
});

test('the decoder hears of the smallest of several table sizes, then of the last', (t) => {
  const encoder = new HpackEncoder();
  for (let n = 0; n < 2; n++) encode(encoder, ['x-tenant', 'blue-green']);
  encoder.limitTable(0);
  encoder.limitTable(1_000);
  t.deepEqual([...encode(encoder, [':method', 'GET'])], [0x20, 0x3f, 0xc9, 0x07, 0x82]);
  t.deepEqual([...encode(encoder, [':method', 'GET'])], [0x82]);
});
