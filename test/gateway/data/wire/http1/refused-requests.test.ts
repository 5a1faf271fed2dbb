/** Specifies every request that is refused, with the status and the code that say why. */
import test from 'ava';
import { defaultLimits } from '../../../../../gateway/data/wire/http1/limits.ts';
import { type RefusalCode, refusals } from '../../../../../gateway/data/wire/http1/refusal.ts';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import { octets, readRequests, readWith } from './read.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\n';
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;

const table: readonly (readonly [what: string, status: number, RefusalCode, request: string])[] = [
  // Lines (RFC 9112 section 2.2)
  ['a bare LF after the request line', 400, 'bare-lf', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
  ['a bare LF after a field', 400, 'bare-lf', 'GET / HTTP/1.1\r\nHost: a\n\r\n'],
  ['a bare LF as the end of the head', 400, 'bare-lf', `${get}\n`],
  ['a bare LF within a name', 400, 'bare-lf', `${get}X\n: 1\r\n\r\n`],
  ['a bare CR within a value', 400, 'bare-cr', `${get}X: a\rb\r\n\r\n`],
  ['a bare CR within the request line', 400, 'bare-cr', 'GET /\rHTTP/1.1\r\n\r\n'],
  ['a bare CR as the end of the head', 400, 'bare-cr', `${get}\rX`],
  ['a bare CR before the request line', 400, 'bare-cr', `\r${get}\r\n`],
  ['a bare LF before the request line', 400, 'bare-lf', `\n${get}\r\n`],
  ['two empty lines before the request line', 400, 'start-line-invalid', `\r\n\r\n${get}\r\n`],

  // Fields (sections 5.1, 5.2)
  ['a folded line', 400, 'line-folded', `${get}X: a\r\n b\r\n\r\n`],
  ['a line folded with a tab', 400, 'line-folded', `${get}X: a\r\n\tb\r\n\r\n`],
  ['white space before the first field', 400, 'line-folded', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['a space before the colon', 400, 'space-before-colon', `${get}X : a\r\n\r\n`],
  ['a tab before the colon', 400, 'space-before-colon', `${get}X\t: a\r\n\r\n`],
  ['a space within a name', 400, 'space-before-colon', `${get}X Y: a\r\n\r\n`],
  ['no name', 400, 'field-name-invalid', `${get}: a\r\n\r\n`],
  ['no colon', 400, 'colon-missing', `${get}X\r\n\r\n`],
  ['NUL in a name', 400, 'field-name-invalid', `${get}X\0: a\r\n\r\n`],
  ['a name beyond ASCII', 400, 'field-name-invalid', `${get}X\xe4: a\r\n\r\n`],
  ['brackets in a name', 400, 'field-name-invalid', `${get}X[]: a\r\n\r\n`],
  ['NUL in a value', 400, 'control-character', `${get}X: a\0b\r\n\r\n`],
  ['a control character in a value', 400, 'control-character', `${get}X: a\x0bb\r\n\r\n`],
  ['DEL in a value', 400, 'control-character', `${get}X: a\x7fb\r\n\r\n`],
  ['a TLS handshake', 400, 'control-character', '\x16\x03\x01\x02\0\x01\0\x01\xfc'],

  // Request line (section 3)
  ['white space before the method', 400, 'method-invalid', ` ${get}\r\n`],
  ['two spaces after the method', 400, 'target-invalid', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['two spaces after the target', 400, 'target-invalid', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space after the version', 400, 'start-line-invalid', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
  ['a tab instead of a space', 400, 'method-invalid', 'GET\t/ / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a method that is no token', 400, 'method-invalid', 'G(T / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no target', 400, 'start-line-invalid', 'GET HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['one word', 400, 'start-line-invalid', 'GET\r\nHost: a b c\r\n\r\n'],
  ['HTTP/0.9', 400, 'start-line-invalid', 'GET /\r\n\r\n'],
  ['HTTP/0.9 with a version', 505, 'version-unsupported', 'GET / HTTP/0.9\r\nHost: a\r\n\r\n'],
  ['the preface of HTTP/2', 505, 'version-unsupported', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a version in lower case', 400, 'version-invalid', 'GET / http/1.1\r\nHost: a\r\n\r\n'],
  ['a version with two digits', 400, 'version-invalid', 'GET / HTTP/1.11\r\nHost: a\r\n\r\n'],
  ['another protocol', 400, 'version-invalid', 'GET / ICY/1.1\r\nHost: a\r\n\r\n'],

  // Target (section 3.2)
  ['a relative target', 400, 'target-invalid', 'GET a/b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment', 400, 'target-invalid', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space in the target', 400, 'target-invalid', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a backslash in the path', 400, 'target-invalid', 'GET /..\\a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['octets beyond ASCII', 400, 'target-invalid', 'GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['another scheme', 400, 'target-invalid', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['user information', 400, 'target-invalid', 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  [
    'an absolute form without host',
    400,
    'target-invalid',
    'GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
  ['an asterisk for GET', 400, 'target-form-mismatch', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an authority for GET', 400, 'target-form-mismatch', 'GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a path for CONNECT', 400, 'target-form-mismatch', 'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['CONNECT without port', 400, 'target-form-mismatch', 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['CONNECT to port 0', 400, 'target-form-mismatch', 'CONNECT a:0 HTTP/1.1\r\nHost: a\r\n\r\n'],
  [
    'CONNECT to a URL',
    400,
    'target-form-mismatch',
    'CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
  [
    'CONNECT with content',
    400,
    'content-not-allowed',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  ],

  // Host (section 3.2)
  ['no Host', 400, 'host-missing', 'GET / HTTP/1.1\r\n\r\n'],
  ['no Host beside an absolute form', 400, 'host-missing', 'GET http://a/ HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, 'host-repeated', `${get}Host: b\r\n\r\n`],
  ['the same Host twice', 400, 'host-repeated', `${get}HOST: a\r\n\r\n`],
  ['two Hosts in HTTP/1.0', 400, 'host-repeated', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
  ...[
    '',
    'a b',
    'a,b',
    'a/b',
    'u@a',
    'a:b',
    'a:65536',
    'a:000080',
    '[::1',
    '[::1]x',
    '[]',
    '[fe80::1%25eth0]',
    '[1.2.3.4]',
    'a%00',
    'h\xe4',
    '::1',
  ].map(
    (host) =>
      [
        `the Host ${JSON.stringify(host)}`,
        400,
        'host-invalid',
        `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      ] as const,
  ),

  // Connection and expectation (RFC 9110 sections 7.6.1, 10.1.1)
  [
    'a Connection option that is no token',
    400,
    'connection-invalid',
    `${get}Connection: a b\r\n\r\n`,
  ],
  [
    'a Connection option with a no-break space',
    400,
    'connection-invalid',
    `${get}Connection: \xa0close\r\n\r\n`,
  ],
  [
    '33 Connection options',
    400,
    'connection-invalid',
    `${get}Connection: ${'a,'.repeat(33)}\r\n\r\n`,
  ],
  ['an unknown expectation', 417, 'expectation-unknown', `${post}Expect: miracles\r\n\r\n`],
  [
    'two expectations',
    417,
    'expectation-unknown',
    `${post}Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n`,
  ],

  // Length (RFC 9112 section 6.3)
  ...['', '+1', '-1', '0x10', '1e3', '1.0', '1 0', '1,1', '1, 1', '1;', '\xb2', 'ten', '1\t2'].map(
    (length) =>
      [
        `the Content-Length ${JSON.stringify(length)}`,
        400,
        'content-length-invalid',
        `${post}Content-Length: ${length}\r\n\r\n`,
      ] as const,
  ),
  [
    'a length of 2^53',
    413,
    'content-length-too-large',
    `${post}Content-Length: 9007199254740992\r\n\r\n`,
  ],
  [
    'a length of 2^64 + 1',
    413,
    'content-length-too-large',
    `${post}Content-Length: 18446744073709551617\r\n\r\n`,
  ],
  [
    'two lengths',
    400,
    'content-length-repeated',
    `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
  ],
  [
    'the same length twice',
    400,
    'content-length-repeated',
    `${post}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`,
  ],
  [
    'both length and coding',
    400,
    'length-and-transfer-encoding',
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],

  // Transfer coding (section 6.1)
  ...[
    '',
    'identity',
    'gzip',
    'chunked, gzip',
    'chunked, chunked',
    'chunked,',
    ', chunked',
    'xchunked',
    '"chunked"',
    'chunked;q=1',
    '\xa0chunked',
    'chunked\xa0',
  ].map(
    (coding) =>
      [
        `the coding ${JSON.stringify(coding)}`,
        400,
        'transfer-encoding-invalid',
        `${post}Transfer-Encoding: ${coding}\r\n\r\n`,
      ] as const,
  ),
  [
    'another coding before chunked',
    501,
    'transfer-encoding-unsupported',
    `${post}Transfer-Encoding: gzip, chunked\r\n\r\n`,
  ],
  [
    'two codings in two fields',
    400,
    'transfer-encoding-repeated',
    `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  [
    'a coding in HTTP/1.0',
    400,
    'transfer-encoding-in-1.0',
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],

  // Chunks (section 7.1)
  ...['', ' 5', '+5', '-5', '0x5', 'g', '5 ', '5\t', '5,', '5 5', '5\0', '_5', ';a'].map(
    (size) =>
      [
        `the chunk size ${JSON.stringify(size)}`,
        400,
        'chunk-size-invalid',
        `${chunked}${size}\r\nhello\r\n0\r\n\r\n`,
      ] as const,
  ),
  ['a chunk size of 2^53', 413, 'chunk-size-too-large', `${chunked}20000000000000\r\n`],
  [
    'a chunk size of 2^64 + 5',
    413,
    'chunk-size-too-large',
    `${chunked}10000000000000005\r\nhello\r\n`,
  ],
  ['a chunk size with many zeros', 413, 'chunk-size-too-large', `${chunked}${'0'.repeat(17)}\r\n`],
  ['a bare LF after a chunk size', 400, 'bare-lf', `${chunked}5\nhello\r\n`],
  ['a bare CR after a chunk size', 400, 'bare-cr', `${chunked}5\rhello\r\n`],
  ['a bare LF after an extension', 400, 'bare-lf', `${chunked}5;a\nhello\r\n`],
  ['a bare CR after an extension', 400, 'bare-cr', `${chunked}5;a\rb\r\nhello\r\n`],
  [
    'a control character in an extension',
    400,
    'chunk-extension-invalid',
    `${chunked}5;a\0\r\nhello\r\n`,
  ],
  ['an endless extension', 400, 'chunk-extension-too-large', `${chunked}5;${'a'.repeat(1024)}`],
  [
    'a body made of extensions',
    400,
    'chunk-extension-too-large',
    chunked + `1;${'a'.repeat(100)}\r\nx\r\n`.repeat(11),
  ],
  ['more data than the chunk size', 400, 'chunk-end-invalid', `${chunked}4\r\nhello\r\n0\r\n\r\n`],
  ['less data than the chunk size', 400, 'chunk-end-invalid', `${chunked}6\r\nhello\r\n0\r\n\r\n`],
  ['a bare LF after chunk data', 400, 'chunk-end-invalid', `${chunked}5\r\nhello\n0\r\n\r\n`],
  ['a bare CR after chunk data', 400, 'chunk-end-invalid', `${chunked}5\r\nhello\rX`],
  ['a folded trailer', 400, 'line-folded', `${chunked}0\r\nX: a\r\n b\r\n\r\n`],
  ...[
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Host: b',
    'Connection: close',
    'Upgrade: websocket',
  ].map(
    (field) =>
      [
        `the trailer ${field}`,
        400,
        'trailer-forbidden',
        `${chunked}0\r\n${field}\r\n\r\n`,
      ] as const,
  ),

  // Size
  ['an endless target', 414, 'start-line-too-long', `GET /${'a'.repeat(10_000)}`],
  ['an endless value', 431, 'head-too-large', `${get}X: ${'a'.repeat(20_000)}`],
  ['an endless name', 431, 'head-too-large', `${get}${'a'.repeat(20_000)}`],
  ['101 fields', 431, 'too-many-fields', `${get}${'X: a\r\n'.repeat(100)}`],
  ['an endless trailer section', 431, 'head-too-large', `${chunked}0\r\nX: ${'a'.repeat(20_000)}`],
  ['101 trailers', 431, 'too-many-fields', `${chunked}0\r\n${'X: a\r\n'.repeat(101)}`],
];

for (const [what, status, code, request] of table) {
  test(`${what}: ${status}, ${code}`, (t) => {
    const parser = new RequestParser();
    const whole = readWith(parser, [octets(request)]);
    t.is(whole.last, code);
    t.is(refusals[code].status, status);
    t.false(whole.messages.some((message) => message.isWhole));
    const step = parser.step(octets(get), 0, get.length);
    t.is(step.kind, 'refused', 'and nothing after it is read');
    const dripped = readWith(
      new RequestParser(),
      Array.from(octets(request), (o) => Uint8Array.of(o)),
    );
    t.is(dripped.last, code, 'octet by octet as well');
  });
}

test('every code has a test, except those of responses', (t) => {
  const tested = new Set<string>(table.map(([, , code]) => code));
  const others = Object.keys(refusals).filter((code) => !tested.has(code));
  t.deepEqual(others, [
    'status-invalid',
    'response-unexpected',
    'too-many-interims',
    'upgrade-unexpected',
    'message-incomplete',
  ]);
});

test('limits hold to the octet', (t) => {
  const head = `${get}X: a\r\n\r\n`;
  const limits = { ...defaultLimits, maxHeadBytes: head.length };
  t.is(readRequests(head, limits).last, 'more');
  t.is(readRequests(head, { ...limits, maxHeadBytes: head.length - 1 }).last, 'head-too-large');
  t.is(readRequests(head, { ...limits, maxStartLineBytes: 14 }).last, 'more');
  t.is(readRequests(head, { ...limits, maxStartLineBytes: 13 }).last, 'start-line-too-long');
  t.is(readRequests(head, { ...limits, maxFields: 2 }).last, 'more');
  t.is(readRequests(head, { ...limits, maxFields: 1 }).last, 'too-many-fields');
});

test('a connection closed within a request: message-incomplete', (t) => {
  for (const part of [
    'G',
    get,
    `${post}Content-Length: 5\r\n\r\nhell`,
    chunked,
    `${chunked}0\r\n`,
  ]) {
    t.is(readWith(new RequestParser(), [octets(part)], true).last, 'message-incomplete', part);
  }
});
