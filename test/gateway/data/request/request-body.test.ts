/** Specifies a request body that can be sent more than once. */
import test from 'ava';
import type { Call } from '../../../../gateway/data/message/call.ts';
import { RequestBody, replayLimit } from '../../../../gateway/data/request/forward/request-body.ts';

const noBounds = { maxBodyBytes: 0, bodyMs: 0 };
const unlimited = { awaitBody: () => undefined, schedule: () => undefined };

/** A body of unknown length, which may be as large as it likes and take its time. */
function unbounded(): RequestBody {
  return new RequestBody(noBounds, unlimited, 'unknown');
}

/** A call that keeps what it is sent, and has room for the first `room` bytes. */
function callWith(room = Infinity, isReady = true) {
  const sent: string[] = [];
  const call: Call = {
    isReady,
    write(bytes) {
      sent.push(Buffer.from(bytes).toString('latin1'));
      return sent.join('').length < room;
    },
    end: (trailers = []) => void sent.push(`end ${trailers.join('=')}`),
    read: () => undefined,
    cancel: () => undefined,
  };
  return { call, sent };
}

test('what came is sent again from its beginning, and its end with it', (t) => {
  const body = unbounded();
  const reused = Buffer.from('begin ');
  body.take(reused);
  reused.fill('x');
  const first = callWith();
  t.true(body.replayTo(first.call));
  t.deepEqual(first.sent, ['begin ']);
  body.take(Buffer.from('rest'));
  body.finish(['x-checksum', '1']);
  const second = callWith();
  t.true(body.replayTo(second.call));
  t.deepEqual(second.sent, ['begin ', 'rest', 'end x-checksum=1']);
  t.true(body.replayable);
});

test('more than is kept can not be sent again, nor what was forgotten', (t) => {
  const body = unbounded();
  body.take(Buffer.alloc(replayLimit));
  t.true(body.replayable);
  body.take(Buffer.alloc(1));
  t.false(body.replayable);
  t.is(body.received, replayLimit + 1);
  const other = unbounded();
  other.take(Buffer.from('x'));
  other.forget();
  t.false(other.replayable);
});

test('a call without room holds the rest back', (t) => {
  const body = unbounded();
  body.take(Buffer.from('12345678'));
  t.false(body.replayTo(callWith(4).call));
});

/** A body of 64 KiB, or of unknown length, with what it had its pace awaited for: each of its steps. */
function paced(length: number | 'unknown') {
  const awaited: number[] = [];
  const limits = { awaitBody: (ms: number) => void awaited.push(ms), schedule: () => undefined };
  return { body: new RequestBody({ maxBodyBytes: 0, bodyMs: 100 }, limits, length), awaited };
}

test('a body that announces its length has time for each 16 KiB more, until it is whole', (t) => {
  const { body, awaited } = paced(65_536);
  const steps = Array.from({ length: 8 }, () => {
    body.take(Buffer.alloc(8192));
    return awaited.length;
  });
  t.deepEqual(steps, [0, 1, 1, 2, 2, 3, 3, 4]);
  t.true(awaited.every((ms) => ms === 100));
  body.finish([]);
  body.awaitMore();
  t.is(awaited.length, 4);
});

test('a body keeps no pace whose length nobody knows, nor once the request is answered', (t) => {
  const chunked = paced('unknown');
  chunked.body.take(Buffer.alloc(65_536));
  t.deepEqual(chunked.awaited, []);
  const answered = paced(65_536);
  answered.body.forget();
  answered.body.take(Buffer.alloc(65_536));
  t.deepEqual(answered.awaited, []);
});

test('the piece with which a body is larger than it may be is told, also once the limit has changed', (t) => {
  const bounds = { maxBodyBytes: 10, bodyMs: 0 };
  const body = new RequestBody(bounds, unlimited, 'unknown');
  t.true(body.take(Buffer.alloc(10)));
  t.false(body.take(Buffer.alloc(1)));
  bounds.maxBodyBytes = 20;
  t.true(body.take(Buffer.alloc(9)));
  t.false(body.take(Buffer.alloc(1)));
});

test('a call that has no connection yet gets what is kept, and asks for no more', (t) => {
  const body = unbounded();
  t.false(body.replayTo(callWith(Infinity, false).call), 'nothing has come');
  body.take(Buffer.from('begin'));
  const { call, sent } = callWith(Infinity, false);
  t.false(body.replayTo(call));
  t.deepEqual(sent, ['begin']);
});
