/** Specifies the requests that are read, in every form, and where each ends. */
import test from 'ava';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import { octets, readRequests, readWith, requestHeadOf } from './read.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** The target of a request so addressed. */
function targetOf(method: string, target: string) {
  return requestHeadOf(`${method} ${target} HTTP/1.1\r\nHost: h\r\n\r\n`).target;
}

test('the four forms of a target', (t) => {
  t.deepEqual(targetOf('GET', '/a/b?c=d'), { form: 'origin', path: '/a/b?c=d' });
  t.deepEqual(targetOf('GET', '//a'), { form: 'origin', path: '//a' });
  t.deepEqual(targetOf('OPTIONS', '/a'), { form: 'origin', path: '/a' });
  t.deepEqual(targetOf('OPTIONS', '*'), { form: 'asterisk' });
  t.deepEqual(targetOf('CONNECT', 'a.b:443'), { form: 'authority', authority: 'a.b:443' });
  t.deepEqual(targetOf('CONNECT', '[::1]:443'), { form: 'authority', authority: '[::1]:443' });
  const absolute = { form: 'absolute', scheme: 'http', authority: 'a.b:80' };
  t.deepEqual(targetOf('GET', 'http://a.b:80/c?d'), { ...absolute, path: '/c?d' } as never);
  t.deepEqual(targetOf('GET', 'HTTP://a.b:80'), { ...absolute, path: '/' } as never);
  t.deepEqual(targetOf('GET', 'http://a.b:80?c'), { ...absolute, path: '/?c' } as never);
  t.deepEqual(targetOf('OPTIONS', 'http://a.b:80'), { ...absolute, path: '*' } as never);
  t.is((targetOf('GET', 'https://a/') as { scheme: string }).scheme, 'https');
});

test('what browsers leave unencoded is accepted', (t) => {
  for (const target of ['/a|b[1]{2}^`', "/~!$&'()*+,;=:@%", '/?a=\\&b={|}^`[]%&c=100%']) {
    t.deepEqual(targetOf('GET', target), { form: 'origin', path: target });
  }
});

test('hosts: names, addresses, ports', (t) => {
  for (const host of [
    'a',
    'orders.shop.acme',
    'a_b',
    'A.B.',
    '10.0.0.1:80',
    '[::1]',
    '[::1]:0',
    '[::ffff:1.2.3.4]:65535',
  ]) {
    t.is(requestHeadOf(`GET / HTTP/1.1\r\nHost:${host}\r\n\r\n`).host, host);
  }
});

test('an absolute target stands beside another Host: the target counts', (t) => {
  const head = requestHeadOf('GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n');
  t.is(head.target.form === 'absolute' && head.target.authority, 'a');
});

test('any token is a method, in its own case', (t) => {
  for (const method of ['get', 'PROPFIND', 'M-SEARCH', "!#$%&'*+-.^_`|~09"]) {
    t.is(requestHeadOf(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`).method, method);
  }
});

test('HTTP/1.0 needs no Host', (t) => {
  const head = requestHeadOf('GET / HTTP/1.0\r\n\r\n');
  t.is(head.protocol, '1.0');
  t.is(head.host, undefined);
});

test('a connection persists in 1.1 unless closed, in 1.0 only if asked', (t) => {
  const table = [
    ['1.1', '', true],
    ['1.1', 'Connection: keep-alive\r\n', true],
    ['1.1', 'Connection: close\r\n', false],
    ['1.1', 'Connection: Keep-Alive, , CLOSE\r\n', false],
    ['1.1', 'Connection: x\r\nConnection: close\r\n', false],
    ['1.0', '', false],
    ['1.0', 'Connection: Keep-Alive\r\n', true],
    ['1.0', 'Connection: keep-alive, close\r\n', false],
  ] as const;
  for (const [version, fields, persists] of table) {
    const request = `GET / HTTP/${version}\r\nHost: a\r\n${fields}\r\n`;
    t.is(requestHeadOf(request).isPersistent, persists, request);
    t.is(readRequests(request + get).messages.length, persists ? 2 : 1, request);
  }
});

test('after the last request nothing is read', (t) => {
  const { last, rest } = readRequests(
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${get}`,
  );
  t.is(last, 'closed');
  t.is(rest, get);
});

test('Connection tokens are given in lower case, without close and keep-alive', (t) => {
  const head = requestHeadOf(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Private ,\tkeep-alive\r\nConnection: TE\r\n\r\n',
  );
  t.deepEqual(head.connectionTokens, ['x-private', 'te']);
});

test('Expect: 100-continue counts in 1.1, with content', (t) => {
  const expects = (version: string, fields: string) =>
    requestHeadOf(`POST / HTTP/${version}\r\nHost: a\r\nExpect: 100-Continue\r\n${fields}\r\n`)
      .expectsContinue;
  t.true(expects('1.1', 'Content-Length: 1\r\n'));
  t.true(expects('1.1', 'Transfer-Encoding: chunked\r\n'));
  t.false(expects('1.1', ''));
  t.false(expects('1.0', 'Content-Length: 1\r\n'));
});

test('Upgrade counts in 1.1, when Connection names it', (t) => {
  const upgrade = (version: string, connection: string) =>
    requestHeadOf(
      `GET / HTTP/${version}\r\nHost: a\r\nUpgrade: websocket\r\nConnection: ${connection}\r\n\r\n`,
    ).upgrade;
  t.is(upgrade('1.1', 'Upgrade'), 'websocket');
  t.is(upgrade('1.1', 'keep-alive'), undefined);
  t.is(upgrade('1.0', 'upgrade'), undefined);
});

test('whoever stops at the end of an upgrade finds the other protocol unread', (t) => {
  const request = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n';
  const input = octets(`${request}\0\x01\x02`);
  const parser = new RequestParser();
  t.is(parser.step(input, 0, input.length).kind, 'head');
  t.is(parser.step(input, parser.position, input.length).kind, 'end');
  t.is(parser.position, request.length);
});

test('what follows CONNECT is a tunnel', (t) => {
  const { messages, last, rest } = readRequests('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n\0\r\nX');
  t.is(messages.length, 1);
  t.is(last, 'tunnel');
  t.is(rest, '\0\r\nX');
});

test('content by length', (t) => {
  const { messages } = readRequests(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 \r\n\r\nhello${get}`,
  );
  t.is(messages[0]?.body, 'hello');
  t.true(messages[0]?.isWhole);
  t.is(messages.length, 2);
});

test('a length up to 2^53 - 1 is counted', (t) => {
  const head = requestHeadOf(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740991\r\n\r\n',
  );
  t.deepEqual(head.framing, { kind: 'length', bytes: Number.MAX_SAFE_INTEGER });
});

test('content in chunks: any case, zeros in front, extensions, trailers', (t) => {
  const { messages } = readRequests(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n' +
      '5\r\nhello\r\n00A;x=y\r\n0123456789\r\nb \t; q="a;b"\r\n0123456789a\r\n' +
      `000;last\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n${get}`,
  );
  t.is(messages[0]?.body, 'hello01234567890123456789a');
  t.deepEqual(messages[0]?.trailers, ['x-sum', '1', 'x-sum', '2']);
  t.is(messages.length, 2);
});

test('trailers that belong in a head are dropped, and the others stay (RFC 9110 section 6.5)', (t) => {
  const misplaced = [
    'Trailer',
    'TE',
    'Keep-Alive',
    'Authorization',
    'Cookie',
    'Set-Cookie',
    'Content-Type',
  ]
    .concat(['Cache-Control', 'Expires', 'Vary', 'Date', 'Expect', 'Max-Forwards', 'Location'])
    .map((name) => `${name}: x\r\n`)
    .join('');
  const { messages, last } = readRequests(
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${misplaced}X-Sum: 1\r\n\r\n`,
  );
  t.like(messages, [{ body: 'hi', trailers: ['x-sum', '1'], isWhole: true }]);
  t.is(last, 'more');
});

test('extensions may be as many as the data that went before', (t) => {
  const chunk = `64;${'e'.repeat(90)}\r\n${'x'.repeat(100)}\r\n`;
  const { last } = readRequests(
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(200)}0\r\n\r\n`,
  );
  t.is(last, 'more');
});

test('pipelined requests come in order, one empty line before each allowed', (t) => {
  const post = 'POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
  const { messages, last } = readRequests(`\r\n${get}${post}\r\n${get}`);
  t.deepEqual(
    messages.map(({ start, body, isWhole }) => [start.split(' ')[0], body, isWhole]),
    [
      ['GET', '', true],
      ['POST', 'hi', true],
      ['GET', '', true],
    ],
  );
  t.is(last, 'more');
});

test('reading pauses between any two steps, and holds nothing meanwhile', (t) => {
  const parser = new RequestParser();
  const input = octets('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhellohell');
  const head = parser.step(input, 0, input.length - 4);
  t.is(head.kind, 'head');
  t.is(parser.position, input.length - 9);
  const data = parser.step(input, parser.position, input.length - 6);
  t.like(data, { kind: 'data', start: input.length - 9, end: input.length - 6 });
  t.is(parser.keptBytes, 0);
});

test('a connection that closes between requests has just closed', (t) => {
  t.is(readWith(new RequestParser(), [octets(get)], true).last, 'closed');
  t.is(readWith(new RequestParser(), [], true).last, 'closed');
});
