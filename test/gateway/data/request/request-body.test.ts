/** Specifies a request body that can be sent more than once. */
import test from 'ava';
import type { Call } from '../../../../gateway/data/message/call.ts';
import { RequestBody, replayLimit } from '../../../../gateway/data/request/forward/request-body.ts';

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
  const body = new RequestBody();
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
  const body = new RequestBody();
  body.take(Buffer.alloc(replayLimit));
  t.true(body.replayable);
  body.take(Buffer.alloc(1));
  t.false(body.replayable);
  t.is(body.received, replayLimit + 1);
  const other = new RequestBody();
  other.take(Buffer.from('x'));
  other.forget();
  t.false(other.replayable);
});

test('a call without room holds the rest back', (t) => {
  const body = new RequestBody();
  body.take(Buffer.from('12345678'));
  t.false(body.replayTo(callWith(4).call));
});

test('each 16 KiB more is a step', (t) => {
  const body = new RequestBody();
  const steps = Array.from({ length: 8 }, () => body.take(Buffer.alloc(8192)));
  t.deepEqual(steps, [false, true, false, true, false, true, false, true]);
});

test('a call that has no connection yet gets what is kept, and asks for no more', (t) => {
  const body = new RequestBody();
  t.false(body.replayTo(callWith(Infinity, false).call), 'nothing has come');
  body.take(Buffer.from('begin'));
  const { call, sent } = callWith(Infinity, false);
  t.false(body.replayTo(call));
  t.deepEqual(sent, ['begin']);
});
