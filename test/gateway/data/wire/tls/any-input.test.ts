/** Specifies what holds for any input: however it is cut it reads the same, and nothing breaks or swells the reader. */
import test from 'ava';
import fc from 'fast-check';
import {
  ClientHelloReader,
  type HelloStep,
  maxHelloBytes,
} from '../../../../../gateway/data/wire/tls/client-hello-reader.ts';
import { extension, handshake, helloBody, protocols, records, serverNames } from './hellos.ts';

const cuts = fc.array(fc.nat(), { maxLength: 20 });

/** The octets in pieces, cut at some places. */
function cutAt(octets: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((n) => n % (octets.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => octets.subarray(from, places[i] ?? octets.length));
}

function readAll(pieces: readonly Buffer[]): HelloStep {
  const reader = new ClientHelloReader();
  let step: HelloStep = { kind: 'more' };
  for (const piece of pieces) {
    const before = reader.octets.length;
    step = reader.read(piece);
    if (step.kind !== 'more') break;
    if (reader.octets.length !== before + piece.length) throw new Error('octets were lost');
    if (reader.octets.length >= maxHelloBytes) throw new Error('it waits for more than it may');
  }
  return step;
}

function dripped(octets: Buffer): HelloStep {
  return readAll(Array.from(octets, (octet) => Buffer.of(octet)));
}

const label = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const otherExtensions = fc.uniqueArray(
  fc.tuple(fc.integer({ min: 17, max: 0xffff }), fc.uint8Array({ maxLength: 40 })),
  { maxLength: 6, selector: ([type]) => type },
);
const valid = fc.record({
  name: fc.option(name, { nil: undefined }),
  alpn: fc.array(fc.constantFrom('h2', 'http/1.1', 'imap', 'x'), { maxLength: 4 }),
  others: otherExtensions,
  recordBytes: fc.integer({ min: 1, max: 600 }),
});

type Valid = typeof valid extends fc.Arbitrary<infer T> ? T : never;

function octetsOf({ name, alpn, others, recordBytes }: Valid): Buffer {
  const extensions = others.map(([type, data]) => extension(type, Buffer.from(data)));
  if (alpn.length > 0) extensions.unshift(protocols(...alpn));
  if (name !== undefined) extensions.splice(extensions.length / 2, 0, serverNames([0, name]));
  return records(handshake(helloBody({ extensions })), recordBytes);
}

test('any split of any hello, over records of any size, gives the same name and protocols', (t) => {
  fc.assert(
    fc.property(valid, cuts, (parts, at) => {
      const octets = octetsOf(parts);
      const expected = {
        kind: 'whole',
        whole: { serverName: parts.name, protocols: parts.alpn },
      };
      t.deepEqual(readAll([octets]) as object, expected);
      t.deepEqual(readAll(cutAt(octets, at)) as object, expected);
      t.deepEqual(dripped(octets) as object, expected);
    }),
    { numRuns: 200 },
  );
});

test('a hello that is not whole is waited for, wherever it stops', (t) => {
  fc.assert(
    fc.property(valid, fc.nat(), (parts, at) => {
      const octets = octetsOf(parts);
      t.is(readAll([octets.subarray(0, at % octets.length)]).kind, 'more');
    }),
    { numRuns: 200 },
  );
});

/** A hello with some octets replaced, taken out or put in; or octets alone. */
const damaged = fc.oneof(
  fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 4 }))))
    .map(([parts, edits]) =>
      edits.reduce((was, [at, length, instead]) => {
        const from = at % (was.length + 1);
        return Buffer.concat([was.subarray(0, from), instead, was.subarray(from + length)]);
      }, octetsOf(parts)),
    ),
  fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
  fc.uint8Array({ maxLength: 300 }).map((octets) => records(handshake(Buffer.from(octets)))),
);

test('no input makes it throw, loop or wait for more than it may; cuts change nothing', (t) => {
  fc.assert(
    fc.property(damaged, cuts, (octets, at) => {
      const whole = readAll([octets]);
      t.deepEqual(readAll(cutAt(octets, at)), whole);
      t.deepEqual(dripped(octets), whole);
    }),
    { numRuns: 500 },
  );
});

test('an endless hello, dripped, is held up to the limit and no further', (t) => {
  const reader = new ClientHelloReader();
  const endless = records(handshake(Buffer.alloc(maxHelloBytes * 2)), 1);
  let steps = 0;
  while (reader.read(endless.subarray(steps, steps + 1)).kind === 'more') steps++;
  t.true(steps < maxHelloBytes);
  const held = reader.octets.length;
  reader.read(endless);
  t.is(reader.octets.length, held);
});
