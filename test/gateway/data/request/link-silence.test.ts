/** Specifies that a link whose other end falls silent is given up after 15 s, by a clock that is moved by hand. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../../../core/log.ts';
import { parseClusterName } from '../../../../core/names.ts';
import { Roster } from '../../../../core/roster.ts';
import { SparseLog } from '../../../../core/sparse-log.ts';
import { staleMs, TimingWheel } from '../../../../core/timing-wheel.ts';
import type { ClientSide } from '../../../../gateway/data/client/client-ground.ts';
import { InFlight } from '../../../../gateway/data/client/drain.ts';
import { Http2Connection } from '../../../../gateway/data/client/http2-connection.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { defaultLimits, http1Limits } from '../../../../gateway/data/request/limit.ts';
import { Intake } from '../../../../gateway/data/socket/intake.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { hello, ping } from '../wire/http2/frames.ts';

const silentMs = 15_000;
/** How often it looks, and how late it may be. */
const lateMs = silentMs / 4 + 2 * staleMs;

/** A link that has been greeted, over a real socket. */
async function link(t: ExecutionContext) {
  const clock = new ManualClock();
  const wheel = new TimingWheel(clock);
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket]: Socket[] = await once(server, 'connection');
  t.teardown(() => {
    wheel.close();
    peer.destroy();
    server.close();
  });
  const ground = {
    taker: { take: () => t.fail('nobody asks') as never },
    unreadable: () => t.fail('all is readable') as never,
    limits: defaultLimits,
    recorder: new Recorder(),
    ...{ wheel, clock, log: silentLog, sparseLog: new SparseLog(silentLog, clock) },
    headLimits: http1Limits(defaultLimits),
    inFlight: new InFlight(),
    connections: new Roster<ClientSide>(),
    isDraining: () => false,
  };
  const cluster = parseClusterName('dc2');
  const id = 'spiffe://dc2.acme/gateway/gw1';
  const other = { address: '127.0.0.1', cluster, gateway: 'gw1', id };
  new Http2Connection(Intake.byEvents(socket as Socket), ground, {
    peer: { kind: 'gateway', ...other },
    scheme: 'http',
    kind: 'gateway',
  });
  let received = '';
  peer.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  /** Sends something, and waits until it was answered. */
  const speak = async (word: string) => {
    peer.write(ping(word));
    await until('the PING is answered', () => received.includes(word));
  };
  peer.write(hello);
  await speak('greeting');
  /** Time passes as an event loop has it. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= staleMs) {
      clock.advance(Math.min(staleMs, left));
      await turn();
    }
  };
  return { peer, speak, pass, isUp: () => ground.connections.size === 1 };
}

test('it is kept while anything is heard, and given up soon after 15 s of silence', async (t) => {
  const { peer, speak, pass, isUp } = await link(t);
  for (const word of ['one more', 'and more', 'the last']) {
    await pass(silentMs - 1_000);
    t.true(isUp());
    await speak(word);
  }
  await pass(silentMs - 1);
  t.true(isUp());
  const closed = once(peer, 'close');
  await pass(1 + lateMs);
  await closed;
  await until('it is gone', () => !isUp());
});
