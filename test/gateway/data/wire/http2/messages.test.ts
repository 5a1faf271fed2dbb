/** Specifies which requests and responses are malformed (RFC 9113 section 8), and how those that are not are read. */
import test from 'ava';
import { errorCode, flag, frameType } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { data, endStream, get, headers, ok, post, settings, windowUpdate } from './frames.ts';
import { client, head, request, server } from './sides.ts';

const pseudo = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a' };

/** A request with some pseudo-headers replaced or, where undefined, left out; then further fields. */
function variant(change: Record<string, string | undefined>, ...fields: string[]): string[] {
  const entries = Object.entries<string | undefined>({ ...pseudo, ...change });
  return [
    ...entries.flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
    ...fields,
  ];
}

for (const [what, fields] of [
  ['without :method', variant({ ':method': undefined })],
  ['without :scheme', variant({ ':scheme': undefined })],
  ['without :path', variant({ ':path': undefined })],
  ['without any authority', variant({ ':authority': undefined })],
  ['with an empty authority', variant({ ':authority': '' })],
  ['with user information in :authority', variant({ ':authority': 'me@a' })],
  ['with a quote in :authority', variant({ ':authority': 'a";for=b;host="c' })],
  ['with a path in :authority', variant({ ':authority': 'a:80/b' })],
  ['with two authorities', variant({ ':authority': 'a:80,b' })],
  ['with two ports', variant({ ':authority': 'a:80:90' })],
  ['with a port that is none', variant({ ':authority': 'a:99999' })],
  ['with no host in host', variant({ ':authority': undefined }, 'host', 'a/b')],
  ['with an empty :path', variant({ ':path': '' })],
  ['with a :path that is no path', variant({ ':path': 'a' })],
  ['with a space in :path', variant({ ':path': '/a b' })],
  ['with a fragment in :path', variant({ ':path': '/a#b' })],
  ['with a backslash in :path', variant({ ':path': '/a\\b' })],
  ['with * for anything but OPTIONS', variant({ ':path': '*' })],
  ['with a :method that is no token', variant({ ':method': 'GE T' })],
  ['with a :scheme that is none', variant({ ':scheme': '1http' })],
  ['with a pseudo-header twice', [...get, ':path', '/']],
  ['with a pseudo-header after a field', [':method', 'GET', 'accept', '*/*', ...get.slice(2)]],
  ['with a pseudo-header of responses', variant({}, ':status', '200')],
  ['with a pseudo-header that there is not', variant({ ':fragment': 'x' })],
  [
    'with :protocol, where it is not offered',
    variant({ ':method': 'CONNECT', ':protocol': 'websocket' }),
  ],
  ['with an upper-case name', variant({}, 'Accept', '*/*')],
  ['with an empty name', variant({}, '', 'x')],
  ['with a space in a name', variant({}, 'a b', 'x')],
  ['with a colon in a name', variant({}, 'a:b', 'x')],
  ['with a line break in a value', variant({}, 'a', 'x\r\nb: y')],
  ['with NUL in a value', variant({}, 'a', 'x\0y')],
  ['with a line feed in a value', variant({}, 'a', 'x\ny')],
  ['with a space before a value', variant({}, 'a', ' x')],
  ['with a tab after a value', variant({}, 'a', 'x\t')],
  ['with connection', variant({}, 'connection', 'close')],
  ['with transfer-encoding', variant({}, 'transfer-encoding', 'chunked')],
  ['with upgrade', variant({}, 'upgrade', 'h2c')],
  ['with keep-alive', variant({}, 'keep-alive', '1')],
  ['with proxy-connection', variant({}, 'proxy-connection', 'x')],
  ['with te of anything but trailers', variant({}, 'te', 'gzip')],
  ['with two lengths', variant({}, 'content-length', '0', 'content-length', '0')],
  ['with a list for a length', variant({}, 'content-length', '0, 0')],
  ['with a negative length', variant({}, 'content-length', '-1')],
  ['that ends and announces a body', variant({}, 'content-length', '1')],
  ['with a host that differs from :authority', variant({}, 'host', 'b')],
  ['with host twice', variant({}, 'host', 'a', 'host', 'a')],
  ['of CONNECT with :path', [':method', 'CONNECT', ':path', '/', ':authority', 'a:1']],
  ['of CONNECT without authority', [':method', 'CONNECT']],
] as const) {
  test(`a request ${what} is left to be answered as malformed, and the connection goes on`, (t) => {
    const side = server();
    side.receive(headers(1, fields), headers(3, get));
    t.like(side.recorder.events, [
      { event: 'unreadable', id: 1, status: 400 },
      { event: 'closed', id: 1, end: { kind: 'complete' } },
      { event: 'request', id: 3 },
    ]);
    t.like(side.sent(), [
      { type: frameType.headers, id: 1 },
      { type: frameType.data, id: 1, flags: flag.endStream },
    ]);
    t.is(side.connection.requests, 1);
  });
}

test('a field that is malformed is so again when it comes from the table, and its name alone is not', (t) => {
  const side = server();
  const { encoder } = client().connection['streams'].writer;
  const send = (id: number, value: string) => {
    const room = Buffer.alloc(200);
    encoder.begin(room, 0);
    for (let n = 0; n < get.length; n += 2) encoder.field(get[n] ?? '', get[n + 1] ?? '');
    encoder.field('x-tag', value);
    const payload = room.subarray(0, encoder.end());
    const frame = headers(id, []);
    frame.writeUIntBE(payload.length, 0, 3);
    side.receive(Buffer.concat([frame, payload]));
  };
  for (const [n, value] of ['bad\0', 'bad\0', 'bad\0', 'good'].entries()) send(1 + 2 * n, value);
  t.like(
    side.recorder.events.filter(({ event }) => event !== 'closed'),
    [
      { event: 'unreadable', id: 1, why: 'invalid value of x-tag' },
      { event: 'unreadable', id: 3, why: 'invalid value of x-tag' },
      { event: 'unreadable', id: 5, why: 'invalid value of x-tag' },
      { event: 'request', id: 7 },
    ],
  );
});

for (const [what, last] of [
  ['with its last frame', data(1, '', true)],
  ['with trailers', headers(1, ['a', 'b'])],
] as const) {
  test(`the last octet of a body of announced length is told when it ends ${what}, not before`, (t) => {
    const side = server();
    side.receive(
      headers(1, [...post, 'content-length', '5'], false),
      data(1, 'he'),
      data(1, 'llo'),
    );
    const told = () =>
      side.recorder.events.map((event) => ('text' in event ? event.text : '')).join('');
    t.is(told(), 'hell');
    side.receive(last);
    t.is(told(), 'hello');
  });
}

for (const [what, frames] of [
  ['longer than announced', [data(1, 'xxx'), data(1, 'xxx')]],
  ['shorter than announced', [data(1, 'xx', true)]],
  ['shorter than announced, with trailers', [data(1, 'xx'), headers(1, ['a', 'b'])]],
  ['empty, though a length was announced', [data(1, '', true)]],
] as const) {
  const head = headers(1, [...post, 'content-length', '5'], false);
  test(`a body ${what} is left to be answered as malformed, and never whole`, (t) => {
    const side = server();
    side.receive(head, ...frames);
    t.like(side.recorder.events.at(-2), { event: 'unreadable', id: 1, status: 400 });
    t.like(side.recorder.endOf(1), { kind: 'complete' });
    t.false(side.recorder.events.some((event) => 'ends' in event && event.ends));
    t.like(side.sent(), [{ type: frameType.headers }, { type: frameType.data, flags: endStream }]);
    side.receive(headers(3, get));
    t.like(side.recorder.events.at(-1), { event: 'request', id: 3 });
  });

  test(`a body ${what} resets its stream where nobody answers that`, (t) => {
    const side = server();
    side.recorder.answer = (stream) => stream.respond({ status: 200, fields: [] }, false);
    side.recorder.answers = false;
    side.receive(head, ...frames);
    t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.protocolError });
    t.false(side.recorder.events.some((event) => 'ends' in event && event.ends));
    t.like(side.sent().at(-1), { type: frameType.rstStream, id: 1 });
  });
}

for (const [what, trailers] of [
  ['a pseudo-header', [':path', '/']],
  ['an upper-case name', ['A', 'b']],
  ['a field of connections', ['connection', 'close']],
] as const) {
  test(`trailers with ${what} are left to be answered as malformed`, (t) => {
    const side = server();
    side.receive(headers(1, post, false), headers(1, trailers));
    t.like(side.recorder.events.at(-2), { event: 'unreadable', id: 1, status: 400 });
    t.like(side.recorder.endOf(1), { kind: 'complete' });
  });
}

test('trailers that do not end the stream are malformed, and those that are too large are told so', (t) => {
  const side = server();
  side.receive(headers(1, post, false), headers(1, ['a', 'b'], false));
  side.receive(headers(3, post, false), headers(3, ['a', 'b'.repeat(16_384)]));
  t.like(
    side.recorder.events.filter(({ event }) => event === 'unreadable'),
    [
      { id: 1, status: 400 },
      { id: 3, status: 431 },
    ],
  );
});

test('a body whose answer waits for its window is let in and dropped meanwhile, and its credit given back', (t) => {
  const side = server();
  side.receive(settings([4, 0]), headers(1, [...post, 'content-length', '5'], false));
  side.recorder.consumes = false;
  for (let n = 0; n < 40; n++) {
    const id = 3 + 2 * n;
    side.receive(
      headers(id, [...post, 'content-length', '5'], false),
      data(id, 'x'.repeat(16_000)),
    );
  }
  t.is(side.recorder.end, undefined);
  t.is(side.connection.openStreams, 41);
  side.sent();
  side.receive(...Array.from({ length: 40 }, (_, n) => windowUpdate(3 + 2 * n, 100)));
  const answered = side.sent().filter((it) => it.type === frameType.data && it.flags === endStream);
  t.is(answered.length, 40);
  t.is(side.connection.openStreams, 1);
});

for (const [what, fields, ends] of [
  ['without :status', ['a', 'b'], true],
  ['with a :status of two digits', [':status', '20'], true],
  ['with a :status of 600', [':status', '600'], true],
  ['with a pseudo-header of requests', [':status', '200', ':path', '/'], true],
  ['with status 101', [':status', '101'], false],
  ['that is informational and ends', [':status', '103'], true],
  ['that ends and announces a body', [':status', '200', 'content-length', '1'], true],
] as const) {
  test(`a response ${what} is refused`, (t) => {
    const side = client();
    request(side, head(), true);
    side.receive(headers(1, fields, ends));
    t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.protocolError });
    t.is(side.sent().at(-1)?.type, frameType.rstStream);
    t.is(side.recorder.end, undefined);
  });
}

test('a response may announce a length that it does not send to HEAD, and with 304', (t) => {
  const side = client();
  request(side, head('HEAD'), true);
  request(side, head(), true);
  side.receive(
    headers(1, [...ok, 'content-length', '5']),
    headers(3, [':status', '304', 'content-length', '5']),
  );
  t.is(side.recorder.endOf(1)?.kind, 'complete');
  t.is(side.recorder.endOf(3)?.kind, 'complete');
});

test('a body after a response to HEAD is refused', (t) => {
  const side = client();
  request(side, head('HEAD'), true);
  side.receive(headers(1, ok, false), data(1, 'x'));
  t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.protocolError });
});

test('a body before its response is refused', (t) => {
  const side = client();
  request(side, head(), true);
  side.receive(headers(1, [':status', '103'], false), data(1, 'x'));
  t.like(side.recorder.endOf(1), { kind: 'reset', code: errorCode.protocolError });
});

function read(fields: readonly string[], options = {}) {
  const side = server(options);
  side.receive(headers(1, fields));
  const [event] = side.recorder.events;
  return event?.event === 'request' ? event.head : undefined;
}

test('a request is read into its parts, its fields in order', (t) => {
  t.like(read(variant({ ':path': '/a?b' }, 'b', '1', 'a', '2', 'b', '3', 'te', 'trailers')), {
    method: 'GET',
    scheme: 'http',
    path: '/a?b',
    authority: 'a',
    fields: ['b', '1', 'a', '2', 'b', '3', 'te', 'trailers'],
  });
});

test('the authority comes from host where there is no other, and host is no field', (t) => {
  t.like(read(variant({ ':authority': undefined }, 'host', 'h:1')), {
    authority: 'h:1',
    fields: [],
  });
  t.like(read(variant({}, 'host', 'A')), { authority: 'a', fields: [] });
});

test('cookies that came apart are one', (t) => {
  t.deepEqual(
    read(variant({}, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2', 'cookie', 'c=3'))?.fields,
    ['cookie', 'a=1; b=2; c=3', 'x', 'y'],
  );
});

test('fields that came never-indexed are named', (t) => {
  t.deepEqual(read(variant({}, 'authorization', 'x', 'a', 'b'))?.sensitive, ['authorization']);
  t.is(read(get)?.sensitive, undefined);
});

test('octets above 127 in values pass as they are', (t) => {
  t.deepEqual(read(variant({}, 'a', 'caf\xe9'))?.fields, ['a', 'caf\xe9']);
});

test('CONNECT has an authority alone', (t) => {
  t.like(read([':method', 'CONNECT', ':authority', 'a:1']), {
    method: 'CONNECT',
    authority: 'a:1',
    path: '',
    scheme: '',
  });
});

test('extended CONNECT is read where it is offered', (t) => {
  const fields = variant({ ':method': 'CONNECT', ':protocol': 'websocket' });
  t.like(read(fields, { connectProtocol: true }), {
    method: 'CONNECT',
    protocol: 'websocket',
    path: '/',
  });
  t.is(
    read(variant({ ':protocol': 'websocket' }), { connectProtocol: true }),
    undefined,
    'only with CONNECT',
  );
});
