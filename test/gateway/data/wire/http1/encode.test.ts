/** Specifies what is sent, octet by octet, and that nothing invalid ever is. */
import test from 'ava';
import { IsthmusError } from '../../../../../core/errors.ts';
import {
  chunkEnd,
  chunkStart,
  framingLines,
  lastChunk,
  responseHead,
} from '../../../../../gateway/data/wire/http1/encode.ts';
import {
  fieldLines,
  joinLines,
  noLines,
} from '../../../../../gateway/data/wire/http1/field-lines.ts';

test('a response head, with the registered reason, another, or none', (t) => {
  t.is(responseHead(200, fieldLines(['a', 'b'])), 'HTTP/1.1 200 OK\r\na: b\r\n\r\n');
  t.is(responseHead(404, noLines, 'Gone fishing'), 'HTTP/1.1 404 Gone fishing\r\n\r\n');
  t.is(responseHead(299, noLines), 'HTTP/1.1 299 \r\n\r\n');
});

test('framing', (t) => {
  t.is<string, string>(framingLines({ kind: 'none' }), '');
  t.is<string, string>(framingLines({ kind: 'until-close' }), '');
  t.is<string, string>(framingLines({ kind: 'length', bytes: 0 }), 'content-length: 0\r\n');
  t.is<string, string>(framingLines({ kind: 'chunked' }), 'transfer-encoding: chunked\r\n');
  t.is<string, string>(
    joinLines(fieldLines(['a', 'b']), framingLines({ kind: 'length', bytes: 12 })),
    'a: b\r\ncontent-length: 12\r\n',
  );
});

test('chunks and trailers', (t) => {
  t.is(chunkStart(1), '1\r\n');
  t.is(chunkStart(65_535), 'ffff\r\n');
  t.is(chunkEnd, '\r\n');
  t.is(lastChunk(), '0\r\n\r\n');
  t.is(lastChunk(['x-sum', '1']), '0\r\nx-sum: 1\r\n\r\n');
});

const refused: readonly (readonly [what: string, () => unknown])[] = [
  ...['', 'a b', 'a:', 'a\r\nb', 'a\0', '\xe4', 'a\n', 'ａ'].map(
    (name) => [`the field name ${JSON.stringify(name)}`, () => fieldLines([name, 'x'])] as const,
  ),
  // U+010A and U+010D end in LF and CR when cut to an octet.
  ...[
    'a\r\nb: c',
    'a\n',
    'a\r',
    '\0',
    '\x7f',
    '\x1b',
    '\u010a',
    '\u010d\u010a',
    '\ud83d\ude00',
  ].map((value) => [`the value ${JSON.stringify(value)}`, () => fieldLines(['x', value])] as const),
  ['a length as a field', () => fieldLines(['Content-Length', '5'])],
  ['a coding as a field', () => fieldLines(['transfer-encoding', 'chunked'])],
  ...[99, 600, 200.5, Number.NaN].map(
    (status) => [`the status ${status}`, () => responseHead(status, noLines)] as const,
  ),
  ['CRLF in a reason', () => responseHead(200, noLines, 'OK\r\nx: y')],
  ...[0, -1, 1.5, Number.NaN, 2 ** 53].map(
    (bytes) => [`a chunk of ${bytes}`, () => chunkStart(bytes)] as const,
  ),
  ...[-1, 1.5, Number.NaN, 2 ** 53].map(
    (bytes) => [`a length of ${bytes}`, () => framingLines({ kind: 'length', bytes })] as const,
  ),
  ['a forbidden trailer', () => lastChunk(['Host', 'a'])],
  ['CRLF in a trailer', () => lastChunk(['x', 'a\r\n\r\n'])],
];

for (const [what, send] of refused) {
  test(`never sent: ${what}`, (t) => {
    const error = t.throws(send, { instanceOf: IsthmusError });
    t.is(error?.code, 'INTERNAL');
    t.notRegex(error?.message ?? '', /[\r\n\0]/, 'and what was wrong with it does not break a log');
  });
}
