/** Specifies leaving: GOAWAY in two steps, requests on their way served, and what a client can try elsewhere (RFC 9113 section 6.8). */
import test from 'ava';
import { errorCode, frameType } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { data, get, goaway, headers, ok, ping, post } from './frames.ts';
import { client, head, pair, request, server } from './sides.ts';

test('a server that drains serves what is on its way, says after a round trip where it stopped, and ends with its last stream', (t) => {
  const side = server();
  side.receive(headers(1, get));
  side.connection.drain();
  side.connection.drain();
  const [warning, probe] = side.sent();
  t.is(warning?.type, frameType.goaway);
  t.is(warning?.payload.readUInt32BE(0), 0x7fff_ffff);
  t.is(probe?.type, frameType.ping);
  side.receive(headers(3, get));
  t.is(side.connection.requests, 2);
  side.receive(ping(probe?.payload.toString('latin1'), true));
  const [final] = side.sent();
  t.is(final?.type, frameType.goaway);
  t.is(final?.payload.readUInt32BE(0), 3);
  t.is(final?.payload.readUInt32BE(4), errorCode.noError);
  side.receive(headers(5, post, false), data(5, 'x', true));
  t.is(side.connection.requests, 2, 'what comes above the last is passed over');
  for (const stream of side.recorder.streams.values()) {
    t.is(side.recorder.end, undefined);
    stream.respond({ status: 200, fields: [] }, true);
  }
  t.deepEqual(side.recorder.end, { kind: 'drained' });
  t.is(side.sent().length, 2);
});

test('a client that is told to go opens no more streams, and is over when those it has are', (t) => {
  const { client: near, server: far, exchange } = pair();
  request(near, head(), true);
  exchange();
  far.connection.drain();
  exchange();
  t.is(near.connection.request(head(), true, near.recorder), 'leaving');
  t.is(near.recorder.end, undefined);
  far.recorder.streams.get(1)?.respond({ status: 200, fields: [] }, true);
  exchange();
  t.is(near.recorder.endOf(1)?.kind, 'complete');
  t.deepEqual([near.recorder.end, far.recorder.end], [{ kind: 'drained' }, { kind: 'drained' }]);
});

test('streams above the last of a GOAWAY can be tried elsewhere; the others go on', (t) => {
  const side = client();
  for (let n = 0; n < 3; n++) request(side, head(), true);
  side.receive(goaway(1, errorCode.noError, 'restarting'));
  t.deepEqual(side.recorder.events[0], {
    event: 'goaway',
    code: errorCode.noError,
    debug: 'restarting',
  });
  t.deepEqual(
    [3, 5].map((id) => side.recorder.endOf(id)?.kind),
    ['refused', 'refused'],
  );
  t.is(side.recorder.endOf(1), undefined);
  side.receive(headers(1, ok));
  t.is(side.recorder.endOf(1)?.kind, 'complete');
  t.deepEqual(side.recorder.end, { kind: 'drained' });
});

test('a client that drains says so, and is over when its streams are', (t) => {
  const side = client();
  request(side, head(), true);
  side.connection.drain();
  t.is(side.sent().at(-1)?.type, frameType.goaway);
  t.is(side.connection.request(head(), true, side.recorder), 'leaving');
  side.receive(headers(1, ok));
  t.deepEqual(side.recorder.end, { kind: 'drained' });
  const idle = client();
  idle.connection.drain();
  t.deepEqual(idle.recorder.end, { kind: 'drained' });
});

test('a PING is answered with what it brought, and an answer is told to who asked', (t) => {
  const side = server();
  side.receive(ping('abcdefgh'));
  const [answer] = side.sent();
  t.like(answer, { type: frameType.ping, flags: 1 });
  t.is(answer?.payload.toString(), 'abcdefgh');
  let answered = '';
  side.connection.ping(() => (answered += 'a'));
  side.connection.ping(() => (answered += 'b'));
  const [first, second] = side.sent();
  side.receive(ping('whatever', true), ping(second?.payload.toString('latin1'), true));
  t.is(answered, 'b');
  for (let n = 0; n < 2; n++) side.receive(ping(first?.payload.toString('latin1'), true));
  t.is(answered, 'ba');
});
