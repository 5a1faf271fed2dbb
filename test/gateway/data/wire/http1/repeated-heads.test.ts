/** Specifies what a head means that comes again on its connection: the same as if it had never come before. */
import test from 'ava';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import { ResponseParser } from '../../../../../gateway/data/wire/http1/response-parser.ts';
import { octets, readWith } from './read.ts';

const get = 'GET /a HTTP/1.1\r\nHost: a\r\nX-Tenant: one\r\n\r\n';
const post = 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';

/** Each of `texts` by a parser of its own. */
function apart(texts: readonly string[]) {
  return texts.flatMap((text) => readWith(new RequestParser(), [octets(text)]).messages);
}

const sequences: readonly (readonly [what: string, readonly string[]])[] = [
  ['the same, read by read', [get, get, get]],
  ['the same with content that differs', [`${post}hi`, `${post}ho`, `${post}hu`]],
  ['another path', [get, get.replace('/a', '/b'), get]],
  ['another value', [get, get.replace('one', 'two'), get]],
  ['one more field at the end', [get, get.replace(/\r\n$/, 'X-More: 1\r\n\r\n'), get]],
  ['longer and shorter ones in turns', [get, `${post}hi`, get, `${post}ho`]],
  ['the same after many others', [...many(20), get, get, ...many(300), get, get]],
  ['too long to be kept', [long(), long(), get, get]],
];

for (const [what, texts] of sequences) {
  test(`requests, ${what}: each reads as if it were the first`, (t) => {
    const together = readWith(new RequestParser(), texts.map(octets));
    t.is(together.last, 'more');
    t.deepEqual(together.messages, apart(texts));
    t.deepEqual(readWith(new RequestParser(), [octets(texts.join(''))]).messages, apart(texts));
  });
}

test('a request that comes again in two reads, then whole: all are the same', (t) => {
  const pieces = [get, get.slice(0, 9), get.slice(9), get].map(octets);
  t.deepEqual(readWith(new RequestParser(), pieces).messages, apart([get, get, get]));
});

test('a request that comes again but for its end is refused as ever', (t) => {
  const bad = get.replace(/\r\n\r\n$/, '\r\n\n');
  t.is(readWith(new RequestParser(), [octets(get), octets(bad)]).last, 'bare-lf');
});

test('the last request of a connection that comes again is not read', (t) => {
  const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  const { messages, last: state } = readWith(new RequestParser(), [octets(last), octets(last)]);
  t.is(messages.length, 1);
  t.is(state, 'closed');
});

test('the same response to HEAD and to GET: only the one to GET has content', (t) => {
  const parser = new ResponseParser();
  for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) parser.expect({ method, upgrade: false });
  const reads = [ok, `${ok}hi`, ok, `${ok}ho`].map(octets);
  const { messages, last } = readWith(parser, reads);
  t.deepEqual(
    messages.map(({ body, isWhole }) => [body, isWhole]),
    [
      ['', true],
      ['hi', true],
      ['', true],
      ['ho', true],
    ],
  );
  t.is(last, 'more');
});

test('the same response to HEAD, in two reads to GET, then to GET: what is kept is not what HEAD made of it', (t) => {
  const parser = new ResponseParser();
  for (const method of ['HEAD', 'GET', 'GET']) parser.expect({ method, upgrade: false });
  const reads = [ok, ok.slice(0, 7), `${ok.slice(7)}hi`, `${ok}ho`].map(octets);
  t.deepEqual(
    readWith(parser, reads).messages.map(({ body }) => body),
    ['', 'hi', 'ho'],
  );
});

test('a response that comes again to nobody is refused', (t) => {
  const parser = new ResponseParser();
  parser.expect({ method: 'GET', upgrade: false });
  t.is(readWith(parser, [octets(`${ok}hi`), octets(`${ok}hi`)]).last, 'response-unexpected');
});

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => get.replace('/a', `/${i}`));
}

function long(): string {
  return get.replace('one', 'x'.repeat(2_000));
}

/** One buffer for all reads, as connections have it. */
const shared = Buffer.alloc(4096);

/** What the head says that lies in the shared buffer from `at` on, or why it is refused. */
function headAt(parser: RequestParser, at: number, text: string): string {
  const end = at + shared.write(text, at, 'latin1');
  const step = parser.step(shared, at, end);
  if (step.kind === 'refused') return step.code;
  if (step.kind !== 'head') throw new Error(`${step.kind} in place of a head`);
  parser.step(shared, parser.position, end);
  const { method, target, host, fields } = step;
  return JSON.stringify([method, target, host, fields.list()]);
}

for (const offset of [0, 1, 2, 3, 4]) {
  test(`heads read into one buffer, at ${offset}: an octet that differs makes another head, wherever it is`, (t) => {
    const paths = ['/a', '/ab', '/abc', '/abcd'];
    for (const path of paths) {
      const text = `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Tenant: one\r\n\r\n`;
      for (let i = 0; i < text.length; i++) {
        const parser = new RequestParser();
        const said = headAt(parser, offset, text);
        t.true(said.includes(path));
        for (let n = 0; n < 3; n++) t.is(headAt(parser, offset, text), said);
        const other = `${text.slice(0, i)}!${text.slice(i + 1)}`;
        t.is(headAt(parser, offset, other), headAt(new RequestParser(), offset, other), other);
      }
    }
  });
}
