/** Specifies what holds for any input: however it is cut it reads the same, and nothing breaks or swells a parser. */
import test from 'ava';
import fc from 'fast-check';
import { defaultLimits } from '../../../../../gateway/data/wire/http1/limits.ts';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import { ResponseParser } from '../../../../../gateway/data/wire/http1/response-parser.ts';
import { message, methods, requestText, responseText } from './messages.ts';
import { cutAt, octets, type ReadResult, readWith } from './read.ts';

const limits = { ...defaultLimits, maxHeadBytes: 512, maxStartLineBytes: 200, maxFields: 12 };
const cuts = fc.array(fc.nat(), { maxLength: 30 });

function responseParser(): ResponseParser {
  const parser = new ResponseParser(limits);
  for (let i = 0; i < 20; i++) {
    parser.expect({ method: methods[i % methods.length] ?? 'GET', upgrade: i % 5 === 4 });
  }
  return parser;
}

/** Everything a reader can see but how much was held, which depends on the cuts. */
function seen({ messages, last, rest }: ReadResult): object {
  return { messages, last, rest };
}

const requests = fc.array(message.map(requestText), { minLength: 1, maxLength: 4 });
const responses = fc.array(message, { minLength: 1, maxLength: 4 });

test('any split of valid requests gives the same messages', (t) => {
  fc.assert(
    fc.property(requests, cuts, (texts, at) => {
      const input = octets(texts.join(''));
      const whole = readWith(new RequestParser(), [input]);
      t.is(whole.messages.length, texts.length);
      t.true(whole.messages.every((read) => read.isWhole));
      t.is(whole.last, 'more');
      t.deepEqual(seen(readWith(new RequestParser(), cutAt(input, at))), seen(whole));
      const dripped = Array.from(input, (octet) => Uint8Array.of(octet));
      t.deepEqual(seen(readWith(new RequestParser(), dripped)), seen(whole));
    }),
    { numRuns: 60 },
  );
});

test('any split of valid responses gives the same messages', (t) => {
  fc.assert(
    fc.property(responses, cuts, (given, at) => {
      const input = octets(given.map(responseText).join(''));
      const parser = () => {
        const made = new ResponseParser();
        for (const { method } of given) made.expect({ method, upgrade: false });
        return made;
      };
      const whole = readWith(parser(), [input]);
      t.is(whole.messages.length, given.length);
      t.true(whole.messages.every((read) => read.isWhole));
      t.deepEqual(seen(readWith(parser(), cutAt(input, at))), seen(whole));
    }),
    { numRuns: 60 },
  );
});

/** Octets that mean something, more often than others. */
const noise = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...'\r\n\t :;,/0aF\0\x7f\xff') },
    fc.constantFrom('\r\n', '\r\n\r\n', '0\r\n\r\n', 'HTTP/1.1', 'Content-Length: 5', 'Host: a'),
    fc.constantFrom('Transfer-Encoding: chunked\r\n', 'GET / HTTP/1.1\r\n', 'HTTP/1.1 200 OK\r\n'),
    fc.nat(255).map((code) => String.fromCharCode(code)),
  ),
  { maxLength: 200 },
);

/** A valid message with parts replaced by noise, or noise alone. */
function damaged(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const spots = fc.array(fc.tuple(fc.nat(), fc.nat(4), noise), { maxLength: 4 });
  return fc.tuple(fc.oneof(valid, fc.constant('')), spots).map(([text, edits]) =>
    edits.reduce((was, [at, length, instead]) => {
      const from = at % (was.length + 1);
      const put = instead.slice(0, 1 + (at % 12)).join('');
      return was.slice(0, from) + put + was.slice(from + length);
    }, text),
  );
}

function neverBreaks(
  t: { true(value: boolean): unknown; deepEqual(a: object, b: object): unknown },
  parser: () => RequestParser | ResponseParser,
  text: string,
  at: readonly number[],
): void {
  const input = octets(text);
  const whole = readWith(parser(), [input]);
  const cut = readWith(parser(), cutAt(input, at));
  const dripped = readWith(
    parser(),
    Array.from(input, (octet) => Uint8Array.of(octet)),
  );
  // A parser that has ended leaves the rest; where each read began to be left is the reader's own affair.
  t.deepEqual(seen(cut), seen(whole));
  t.deepEqual(seen(dripped), seen(whole));
  for (const { mostKept } of [whole, cut, dripped]) t.true(mostKept < limits.maxHeadBytes);
}

test('no requests make it throw, loop or hold more than a head; cuts change nothing', (t) => {
  const input = damaged(
    fc.array(message.map(requestText), { maxLength: 3 }).map((m) => m.join('')),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        input,
        noise.map((n) => n.join('')),
      ),
      cuts,
      (text, at) => neverBreaks(t, () => new RequestParser(limits), text, at),
    ),
    { numRuns: 400 },
  );
});

test('no responses make it throw, loop or hold more than a head; cuts change nothing', (t) => {
  const input = damaged(
    fc.array(message.map(responseText), { maxLength: 3 }).map((m) => m.join('')),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        input,
        noise.map((n) => n.join('')),
      ),
      cuts,
      (text, at) => neverBreaks(t, responseParser, text, at),
    ),
    { numRuns: 400 },
  );
});

test('an endless head, dripped, is held up to the limit and no further', (t) => {
  const parser = new RequestParser(limits);
  const octet = octets('a');
  const start = octets('GET / HTTP/1.1\r\nX: ');
  t.is(parser.step(start, 0, start.length).kind, 'more');
  let most = 0;
  let steps = 0;
  while (parser.step(octet, 0, 1).kind === 'more') {
    most = Math.max(most, parser.keptBytes);
    steps++;
  }
  t.is(steps, limits.maxHeadBytes - start.length - 1);
  t.is(most, limits.maxHeadBytes - 1);
  t.is(parser.keptBytes, 0);
});
