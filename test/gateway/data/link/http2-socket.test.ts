/** Specifies what a socket does for the HTTP/2 connection on it. */
import { Socket } from 'node:net';
import test from 'ava';
import type { Clock } from '../../../../core/clock.ts';
import { Http2Socket } from '../../../../gateway/data/socket/http2-socket.ts';
import { strangerOptions } from '../../../../gateway/data/wire/http2/options.ts';
import { Http2Server } from '../../../../gateway/data/wire/http2/server.ts';
import { Recorder } from '../wire/http2/sides.ts';

test('a timer that fires a little early, as they do, ends a connection whose SETTINGS are not acknowledged', (t) => {
  let now = 0.9;
  let fire = () => {};
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after: (_, run) => {
      fire = run;
      return () => {};
    },
  };
  const socket = new Socket();
  t.teardown(() => socket.destroy());
  const carrier = new Http2Socket(socket, clock);
  const recorder = new Recorder();
  carrier.carry(new Http2Server(recorder, carrier.context(strangerOptions)));
  now += strangerOptions.settingsTimeoutMs - 0.5;
  fire();
  t.like(recorder.end, { kind: 'failed', cause: 'settings-timeout' });
});
