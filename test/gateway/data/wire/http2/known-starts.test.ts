/** Specifies header blocks that begin as others did: they say the same as if nothing had come before. */
import test from 'ava';
import fc from 'fast-check';
import { HpackEncoder } from '../../../../../gateway/data/wire/hpack/encoder.ts';
import { FieldFilter } from '../../../../../gateway/data/wire/http1/field-filter.ts';
import type { HeaderBlock } from '../../../../../gateway/data/wire/http2/header-block.ts';
import { HeaderReceiver } from '../../../../../gateway/data/wire/http2/header-receiver.ts';
import { strangerOptions } from '../../../../../gateway/data/wire/http2/options.ts';
import { flag } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { readRequest, readResponse } from '../../../../../gateway/data/wire/http2/read-head.ts';
import { encode, hex } from '../hpack/tables.ts';

const none = new FieldFilter(() => false);

interface Received {
  readonly fields: readonly string[];
  /** How many of them were known. */
  readonly known: number;
  readonly request: unknown;
  readonly response: unknown;
}

/** A receiver, and what came of each block it was given: the fields, or why it failed. */
function receiver(maxHeadBytes = 16_384) {
  let last: Received | string = 'nothing';
  const owner = {
    over: false,
    fail(_code: number, what: string) {
      last = what;
    },
    onList(_id: number, block: HeaderBlock, tooLarge: boolean) {
      last = tooLarge ? 'too large' : readOf(block);
    },
  };
  const headers = new HeaderReceiver(owner, { ...strangerOptions, maxHeadBytes });
  return {
    decoder: headers.decoder,
    take(block: Buffer): Received | string {
      headers.onHeaders(flag.endHeaders | flag.endStream, 1, block, 0, block.length);
      return last;
    },
  };
}

function readOf(block: HeaderBlock): Received {
  return {
    fields: block.all().flatMap(({ name, value }) => [name, value]),
    known: block.start?.fields.length ?? 0,
    request: plain(readRequest(block, false)),
    response: plain(readResponse(block)),
  };
}

/** A head without the objects it is made of. */
function plain(head: ReturnType<typeof readRequest> | ReturnType<typeof readResponse>) {
  if (typeof head === 'string') return head;
  const { fields, ...line } = head;
  delete (line as { made?: unknown }).made;
  const lines = fields.without(none);
  const tenants = fields.all('x-tenant');
  return { ...line, list: fields.list(), lines, tenants, type: fields.get('content-type') };
}

function heard(received: Received | string): Received {
  if (typeof received === 'string') throw new Error(received);
  return received;
}

const line = [':method', 'GET', ':scheme', 'https', ':path', '/a', ':authority', 'a.b'];
const request = [...line, 'x-tenant', 'blue', 'accept', '*/*', 'content-type', 'text/plain'];

test('what comes before it may change nothing: any lists in any order read as on a connection of their own', (t) => {
  const name = fc.constantFrom(
    ...[':method', ':path', ':scheme', ':authority', ':status', 'x-tenant', 'content-type'],
    ...['cookie', 'host', 'content-length', 'te', 'connection', 'x-other'],
  );
  const value = fc.constantFrom('GET', '/', 'https', 'a.b', '200', 'one', '7', 'trailers', 'x y');
  const list = fc.oneof(
    fc.array(fc.tuple(name, value), { maxLength: 9 }).map((fields) => fields.flat()),
    fc.constantFrom(request, line, [...request, 'x-request-id', 'one'], [':status', '200']),
  );
  let known = 0;
  fc.assert(
    fc.property(
      fc.array(list, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(), list), { maxLength: 40 }),
      (lists, steps) => {
        const encoder = new HpackEncoder();
        const together = receiver();
        for (const [which, more] of steps) {
          const fields = [...(lists[which % lists.length] ?? []), ...more];
          const got = heard(together.take(encode(encoder, fields)));
          const alone = heard(receiver().take(encode(new HpackEncoder(), fields)));
          known += got.known;
          t.deepEqual({ ...got, known: 0 }, alone);
        }
      },
    ),
    { examples: [[[request], Array.from({ length: 4 }, (): [number, string[]] => [0, []])]] },
  );
  t.true(known > 0);
});

test('fields that are all in the tables are known from the third time on, with whatever comes after them', (t) => {
  const encoder = new HpackEncoder();
  const { take } = receiver();
  const known = (...more: string[]) => heard(take(encode(encoder, [...request, ...more]))).known;
  while (known() === 0);
  t.is(known(), request.length / 2);
  t.is(known('x-request-id', 'one'), request.length / 2);
});

test('what enters the table moves what the numbers stand for: nothing is known any more', (t) => {
  const encoder = new HpackEncoder();
  const { take } = receiver();
  while (heard(take(encode(encoder, request))).known === 0);
  for (let n = 0; n < 3; n++) take(encode(encoder, ['x-other', 'value']));
  const got = heard(take(encode(encoder, request)));
  t.is(got.known, 0);
  t.deepEqual(got.fields, request);
});

test('a table that has to shrink and does not is a failure, also in a block that is known', (t) => {
  const { take, decoder } = receiver();
  const get = hex('82 87 84');
  while (heard(take(get)).known === 0);
  decoder.limitTable(0);
  t.is(take(get), 'table size update missing');
});

test('a list that gets too large behind what is known is too large', (t) => {
  const { take } = receiver(150);
  const get = hex('82 87 84');
  while (heard(take(get)).known === 0);
  const long = Buffer.concat([get, hex('00 01 61 40'), Buffer.alloc(64, 'x')]);
  t.is(heard(take(long)).known, 3);
  t.is(take(Buffer.concat([long, long.subarray(3)])), 'too large');
});

test('a request that is malformed is so each time', (t) => {
  const { take } = receiver();
  // GET of https, without a path, and with :status.
  for (const block of ['82 87 82', '82 84 88', '88 82 84']) {
    const whys = [1, 2, 3, 4].map(() => heard(take(hex(block))).request);
    t.is(new Set(whys).size, 1);
    t.is(typeof whys[0], 'string');
  }
});

test('a pseudo-header behind fields that are known is malformed', (t) => {
  const { take } = receiver();
  const encoder = new HpackEncoder();
  while (heard(take(encode(encoder, request))).known === 0);
  const { known, request: read } = heard(take(encode(encoder, [...request, ':path', '/b'])));
  t.is(known, request.length / 2);
  t.is(read, 'pseudo-header after a field');
});

test('a number of an entry that goes on past the end of the block fails as ever', (t) => {
  const { take } = receiver();
  const whys = [1, 2, 3, 4].map(() => take(hex('82 87 84 ff')));
  t.deepEqual([...new Set(whys)], ['block ends inside a field']);
});
