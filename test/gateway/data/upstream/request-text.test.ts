/** Specifies the head of a request to an HTTP/1.1 endpoint, octet by octet, and how its content is framed. */
import test from 'ava';
import type { OutgoingRequest } from '../../../../gateway/data/message/message.ts';
import { framingOf, requestText } from '../../../../gateway/data/upstream/request-text.ts';
import { fieldLines } from '../../../../gateway/data/wire/http1/field-lines.ts';

function request(parts: Partial<OutgoingRequest>): OutgoingRequest {
  const lines = fieldLines(['x-empty', '', 'X-Latin', '\xe4']);
  const fields = { lines: () => lines, list: () => ['x-empty', '', 'X-Latin', '\xe4'] };
  return {
    method: 'GET',
    scheme: 'http',
    authority: 'a:80',
    path: '/a?b',
    fields,
    bodyLength: 'none',
    expectsContinue: false,
    tunnel: undefined,
    ...parts,
  };
}

const start = ' HTTP/1.1\r\nhost: a:80\r\nx-empty: \r\nX-Latin: \xe4\r\n';
const webSocket = { kind: 'upgrade', protocol: 'websocket' } as const;

const texts: readonly (readonly [what: string, Partial<OutgoingRequest>, text: string])[] = [
  ['without content', {}, `GET /a?b${start}\r\n`],
  ['of all that a host has', { method: 'OPTIONS', path: '*' }, `OPTIONS *${start}\r\n`],
  [
    'without content, by a method that gives it a meaning',
    { method: 'POST' },
    `POST /a?b${start}content-length: 0\r\n\r\n`,
  ],
  ['of a length', { method: 'PUT', bodyLength: 3 }, `PUT /a?b${start}content-length: 3\r\n\r\n`],
  [
    'of no known length',
    { bodyLength: 'unknown' },
    `GET /a?b${start}transfer-encoding: chunked\r\n\r\n`,
  ],
  [
    'that waits to be told to go on',
    { method: 'PUT', bodyLength: 3, expectsContinue: true },
    `PUT /a?b${start}content-length: 3\r\nexpect: 100-continue\r\n\r\n`,
  ],
  [
    'for another protocol',
    { tunnel: webSocket },
    `GET /a?b${start}connection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  ],
];

for (const [what, parts, text] of texts) {
  test(`a request ${what}`, (t) => {
    const sent = request(parts);
    t.is(requestText(sent, framingOf(sent), undefined), text);
  });
}

test('a request for a WebSocket whose key is made here', (t) => {
  const sent = request({ tunnel: webSocket });
  const lines = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: k\r\n';
  t.is(requestText(sent, framingOf(sent), 'k'), `GET /a?b${start}${lines}\r\n`);
});
