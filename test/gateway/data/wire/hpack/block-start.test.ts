/** Specifies blocks that begin as one before: shorter work for the same octets, and never what they do not mean any more. */
import test from 'ava';
import fc from 'fast-check';
import { BlockStart } from '../../../../../gateway/data/wire/hpack/block-start.ts';
import { HpackEncoder } from '../../../../../gateway/data/wire/hpack/encoder.ts';
import { decode, decoder } from './tables.ts';

const room = Buffer.alloc(65_536);

interface Repeated {
  readonly fields: readonly string[];
  readonly start: BlockStart;
}

function repeated(...fields: string[]): Repeated {
  return { fields, start: new BlockStart() };
}

/** A block of fields that come again, and `more` after them; `known`: whether they were copied. */
function encode(by: HpackEncoder, { fields, start }: Repeated, more: readonly string[] = []) {
  by.begin(room, 0);
  const known = by.startWith(start);
  if (!known) {
    add(by, fields);
    by.keep(start);
  }
  add(by, more);
  return { known, block: Buffer.from(room.subarray(0, by.end())) };
}

function add(by: HpackEncoder, fields: readonly string[]): void {
  for (let i = 0; i < fields.length; i += 2) by.field(fields[i] ?? '', fields[i + 1] ?? '');
}

const name = fc.constantFrom(':path', ':status', 'accept', 'cookie', 'x-a', 'x-b', 'authorization');
const value = fc.constantFrom(
  '',
  '/',
  '200',
  'one',
  'two',
  'session=0123456789abcdef',
  'x'.repeat(900),
);
const list = fc.array(fc.tuple(name, value), { maxLength: 6 }).map((fields) => fields.flat());

test('whichever starts come again, whatever is sent and however the table is resized between them: all come out as they were', (t) => {
  let copied = 0;
  fc.assert(
    fc.property(
      fc.array(list, { minLength: 1, maxLength: 2 }),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, list),
          // Now and then, the table is resized.
          fc.integer({ min: 0, max: 40 }).map((n) => [0, 64, 200, 4_096][n]),
        ),
        { minLength: 10, maxLength: 40 },
      ),
      (lists, steps) => {
        const starts = lists.map((fields) => repeated(...fields));
        const encoder = new HpackEncoder();
        const by = decoder();
        for (const [which, more, limit] of steps) {
          if (limit !== undefined) encoder.limitTable(limit);
          const start = starts[which % starts.length] as Repeated;
          const { known, block } = encode(encoder, start, more);
          const { outcome, fields } = decode(by, block);
          t.is(outcome, 'whole');
          t.deepEqual(fields, [...start.fields, ...more]);
          if (known) copied++;
        }
      },
    ),
  );
  t.true(copied > 0);
});

test('fields that are all in the tables are copied from then on', (t) => {
  const encoder = new HpackEncoder();
  const head = repeated(':method', 'GET', 'x-tenant', 'blue-green');
  const seen = [1, 2, 3, 4].map(() => encode(encoder, head, ['x-request-id', 'one']).known);
  t.deepEqual(seen, [false, false, false, true]);
});

test('after a change of the table they are encoded anew', (t) => {
  const encoder = new HpackEncoder();
  const head = repeated('x-tenant', 'blue-green');
  while (!encode(encoder, head).known);
  add(encoder, ['x-other', 'value', 'x-other', 'value', 'x-other', 'value']);
  t.false(encode(encoder, head).known);
  t.true(encode(encoder, head).known);
});

test('another encoder, whose table is its own, copies nothing', (t) => {
  const head = repeated('x-tenant', 'blue-green');
  const one = new HpackEncoder();
  while (!encode(one, head).known);
  t.false(encode(new HpackEncoder(), head).known);
});

test('what must never be indexed is never kept', (t) => {
  const encoder = new HpackEncoder();
  const head = repeated('accept', '*/*', 'authorization', 'Bearer abcdefghijklmnopqrstuvwxyz');
  t.false([1, 2, 3, 4, 5].some(() => encode(encoder, head).known));
});
