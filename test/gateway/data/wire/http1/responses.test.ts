/** Specifies how responses are read, where each ends, and which are refused. */
import test from 'ava';
import type { RefusalCode } from '../../../../../gateway/data/wire/http1/refusal.ts';
import { ResponseParser } from '../../../../../gateway/data/wire/http1/response-parser.ts';
import { octets, type ResponseContext, readResponses, readWith } from './read.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const asksUpgrade: ResponseContext = { upgrade: true };

const read: readonly (readonly [what: string, string, string[], string, ResponseContext?])[] = [
  ['by length', ok, ['200 OK|hi'], 'more'],
  ['of no length', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ['200 OK|'], 'more'],
  [
    'in chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    ['200 OK|hi'],
    'more',
  ],
  [
    'until close',
    'HTTP/1.1 200 OK\r\n\r\nhi\r\n\r\n',
    ['200 OK|hi\r\n\r\n'],
    'end',
    { closes: true },
  ],
  ['until close, which never came', 'HTTP/1.1 200 OK\r\n\r\nhi', ['200 OK|hi|broken'], 'more'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', ['200 OK|hi'], 'closed'],
  ['HTTP/1.2, as 1.1', 'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nhi', ['200 OK|hi'], 'more'],
  ['an empty reason', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', ['200 |'], 'more'],
  ['no reason', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', ['200 |'], 'more'],
  [
    'a long reason',
    'HTTP/1.1 404 Gar nicht da: \xe4\r\nContent-Length: 0\r\n\r\n',
    ['404 Gar nicht da: \xe4|'],
    'more',
  ],
  [
    'to HEAD',
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${ok}`,
    ['200 OK|', '200 OK|hi'],
    'more',
    { to: ['HEAD', 'GET'] },
  ],
  [
    'to HEAD, chunked',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${ok}`,
    ['200 OK|', '200 OK|hi'],
    'more',
    { to: ['HEAD', 'GET'] },
  ],
  [
    'to HEAD, without framing',
    `HTTP/1.1 200 OK\r\n\r\n${ok}`,
    ['200 OK|', '200 OK|hi'],
    'more',
    { to: ['HEAD', 'GET'] },
  ],
  [
    '204',
    `HTTP/1.1 204 No Content\r\n\r\n${ok}`,
    ['204 No Content|', '200 OK|hi'],
    'more',
    { to: ['GET', 'GET'] },
  ],
  [
    '204 with a length of 0',
    'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    ['204 No Content|'],
    'more',
  ],
  [
    '204 that claims a length: over at the empty line, what follows is not believed (RFC 9112 section 6.3)',
    `HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi${ok}`,
    ['204 No Content|'],
    'closed',
    { to: ['GET', 'GET'] },
  ],
  [
    '204 that claims chunks',
    `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${ok}`,
    ['204 No Content|'],
    'closed',
    { to: ['GET', 'GET'] },
  ],
  [
    '204 that claims both',
    `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi`,
    ['204 No Content|'],
    'closed',
  ],
  [
    'to HEAD, with a length and chunks',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n${ok}`,
    ['200 OK|'],
    'closed',
    { to: ['HEAD', 'GET'] },
  ],
  [
    '1xx that claims a length, and nothing after the response is believed',
    `HTTP/1.1 102 Processing\r\nContent-Length: 2\r\n\r\n${ok}${ok}`,
    ['102 Processing|', '200 OK|hi'],
    'closed',
    { to: ['GET', 'GET'] },
  ],
  [
    '1xx that claims chunks',
    `HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n${ok}`,
    ['103 Early Hints|', '200 OK|hi'],
    'closed',
  ],
  [
    'known again after a 1xx that claims a length',
    `${ok}${ok}${ok}HTTP/1.1 102 Processing\r\nContent-Length: 2\r\n\r\n${ok}${ok}`,
    ['200 OK|hi', '200 OK|hi', '200 OK|hi', '102 Processing|', '200 OK|hi'],
    'closed',
    { to: ['GET', 'GET', 'GET', 'GET', 'GET'] },
  ],
  [
    '304 with a length',
    `HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n${ok}`,
    ['304 Not Modified|', '200 OK|hi'],
    'more',
    { to: ['GET', 'GET'] },
  ],
  [
    '1xx before it',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`,
    ['100 Continue|', '103 Early Hints|', '200 OK|hi'],
    'more',
  ],
  [
    'with Connection: close',
    `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi`,
    ['200 OK|hi'],
    'closed',
  ],
  ['pipelined', ok + ok, ['200 OK|hi', '200 OK|hi'], 'more', { to: ['GET', 'POST'] }],
  [
    'refusing CONNECT',
    'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    ['403 Forbidden|no'],
    'more',
    { to: ['CONNECT'] },
  ],
  ['none, and closed', '', [], 'closed', { closes: true }],
];

for (const [what, input, expected, last, context] of read) {
  test(`a response is read: ${what}`, (t) => {
    const result = readResponses(input, context);
    const seen = result.messages.map(
      ({ start, body, isWhole }) => `${start}|${body}${isWhole ? '' : '|broken'}`,
    );
    t.deepEqual(seen, expected);
    t.is(result.last, last);
  });
}

test('101 hands the connection over, with what was read beyond it', (t) => {
  const head =
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const { messages, last, rest } = readResponses(`${head}\x81\0`, asksUpgrade);
  t.is(messages[0]?.start, '101 Switching Protocols');
  t.is(last, 'tunnel');
  t.is(rest, '\x81\0');
});

test('2xx to CONNECT is a tunnel, whatever framing it claims (RFC 9110 section 9.3.6)', (t) => {
  const input = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  const { last, rest } = readResponses(input, { to: ['CONNECT'] });
  t.is(last, 'tunnel');
  t.is(rest, 'hello');
});

test('1xx are told from the response itself, and a close after one is a loss', (t) => {
  const parser = new ResponseParser();
  parser.expect({ method: 'POST', upgrade: false });
  const input = octets('HTTP/1.1 100 Continue\r\n\r\n');
  t.is(parser.step(input, 0, input.length).kind, 'interim');
  t.is(parser.step(input, parser.position, input.length).kind, 'more');
  t.like(parser.close(), { kind: 'refused', code: 'message-incomplete' });
});

const head = (fields: string) => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`;
const refused: readonly (readonly [what: string, RefusalCode, string, ResponseContext?])[] = [
  ['to no request', 'response-unexpected', ok, { to: [] }],
  ['a second one to one request', 'response-unexpected', ok + ok],
  ['octets after a response', 'response-unexpected', `${ok}\r\n`],
  [
    'content after 1xx that claims it',
    'start-line-invalid',
    'HTTP/1.1 102 Processing\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n',
  ],
  ['content after 204', 'response-unexpected', 'HTTP/1.1 204 No Content\r\n\r\nhi'],
  ['HTTP/2', 'version-unsupported', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['another protocol', 'start-line-invalid', 'ICY 200 OK\r\n\r\n'],
  ['an empty line first', 'start-line-invalid', `\r\n${ok}`],
  ['two spaces', 'status-invalid', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['a tab', 'start-line-invalid', 'HTTP/1.1\t200 OK\r\n\r\n'],
  ['two digits', 'status-invalid', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['four digits', 'status-invalid', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status of 099', 'status-invalid', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a status of 600', 'status-invalid', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['no status', 'start-line-invalid', 'HTTP/1.1\r\n\r\n'],
  ['a control character in the reason', 'control-character', 'HTTP/1.1 200 \x01\r\n\r\n'],
  ['a bare LF', 'bare-lf', 'HTTP/1.1 200 OK\n\n'],
  ['two lengths', 'content-length-repeated', head('Content-Length: 2\r\nContent-Length: 2')],
  ['a list of lengths', 'content-length-invalid', head('Content-Length: 2, 2')],
  [
    'length and coding',
    'length-and-transfer-encoding',
    head('Transfer-Encoding: chunked\r\nContent-Length: 2'),
  ],
  ['another coding', 'transfer-encoding-invalid', head('Transfer-Encoding: gzip')],
  [
    'a coding in HTTP/1.0',
    'transfer-encoding-in-1.0',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  [
    '101 unasked',
    'upgrade-unexpected',
    'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  ],
  ['101 to nothing', 'upgrade-unexpected', 'HTTP/1.1 101 X\r\n\r\n', asksUpgrade],
  ['a broken chunk', 'chunk-size-invalid', `${head('Transfer-Encoding: chunked')}x\r\n`],
  ['closed within a head', 'message-incomplete', 'HTTP/1.1 200 OK\r\n', { closes: true }],
  [
    'closed within a length',
    'message-incomplete',
    `${head('Content-Length: 2')}h`,
    { closes: true },
  ],
  [
    'closed within chunks',
    'message-incomplete',
    `${head('Transfer-Encoding: chunked')}1\r\nx\r\n`,
    { closes: true },
  ],
];

for (const [what, code, input, context] of refused) {
  test(`a response is refused: ${what}: ${code}`, (t) => {
    t.is(readResponses(input, context).last, code);
  });
}

test('a response is the same in any version of its connection options', (t) => {
  const parser = new ResponseParser();
  parser.expect({ method: 'GET', upgrade: false });
  const { messages, last } = readWith(parser, [
    octets('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi'),
  ]);
  t.is(messages[0]?.body, 'hi');
  t.is(last, 'more');
});
