/** Specifies names of endpoints: asked once, remembered, and served stale when DNS fails. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import test from 'ava';
import { silentLog } from '../../../../core/log.ts';
import { NameResolver, type ResolvedAddress } from '../../../../gateway/data/upstream/resolve.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function scripted(answer: () => readonly ResolvedAddress[]) {
  const clock = new ManualClock();
  let asked = 0;
  const resolver = new NameResolver({
    clock,
    log: silentLog,
    ask: async () => {
      asked++;
      return answer();
    },
  });
  return { clock, resolver, asked: () => asked };
}

const one: readonly ResolvedAddress[] = [{ address: '10.0.0.1', family: 4, ttl: 10 }];

test('an IP address is its own answer', async (t) => {
  const { resolver, asked } = scripted(() => one);
  t.is((await resolver.resolve('::1'))[0]?.family, 6);
  t.is((await resolver.resolve('10.0.0.9'))[0]?.address, '10.0.0.9');
  t.is(asked(), 0);
});

test('a name is asked once at a time, and again when its time to live is over', async (t) => {
  const { clock, resolver, asked } = scripted(() => one);
  await Promise.all([resolver.resolve('orders.internal'), resolver.resolve('orders.internal')]);
  clock.advance(9_999);
  await resolver.resolve('orders.internal');
  t.is(asked(), 1);
  clock.advance(1);
  await resolver.resolve('orders.internal');
  t.is(asked(), 2);
});

test('when DNS fails the last answer stays in use', async (t) => {
  let broken = false;
  const { clock, resolver } = scripted(() => {
    if (broken) throw new Error('SERVFAIL');
    return one;
  });
  await resolver.resolve('orders.internal');
  broken = true;
  clock.advance(3_600_000);
  t.deepEqual(await resolver.resolve('orders.internal'), one);
  await t.throwsAsync(resolver.resolve('never.internal'), { message: 'SERVFAIL' });
});

test('names that do not resolve any more are named after ten seconds, until they do or nobody asks for them', async (t) => {
  let broken = false;
  const { clock, resolver } = scripted(() => {
    if (broken) throw new Error('SERVFAIL');
    return one;
  });
  const names = ['a.internal', 'b.internal', 'c.internal', 'd.internal'];
  const ask = (...hosts: readonly string[]) =>
    Promise.all(hosts.map((host) => resolver.resolve(host)));
  await ask(...names);
  broken = true;
  clock.advance(10_000);
  await ask(...names);
  clock.advance(9_999);
  t.is(resolver.problem, undefined);
  clock.advance(1);
  t.like(resolver.problem, { code: 'NAME_UNRESOLVED' });
  t.regex(resolver.problem?.message ?? '', /a\.internal, b\.internal, c\.internal and 1 more lead/);
  broken = false;
  await ask('a.internal', 'b.internal');
  t.regex(resolver.problem?.message ?? '', /where c\.internal, d\.internal lead/);
  clock.advance(20_001);
  t.is(resolver.problem, undefined, 'nobody asks any more');
});

test('a name that was never resolved is asked for ever less often, and its addresses are known once there are any', async (t) => {
  let answer: () => readonly ResolvedAddress[] = () => {
    throw new Error('NXDOMAIN');
  };
  const { clock, resolver, asked } = scripted(() => answer());
  const times: number[] = [];
  for (let seconds = 0; seconds < 125; seconds++) {
    const before = asked();
    await t.throwsAsync(resolver.resolve('gone.internal'), { message: 'NXDOMAIN' });
    if (asked() > before) times.push(seconds);
    clock.advance(1_000);
  }
  t.deepEqual(times, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
  answer = () => one;
  clock.advance(30_000);
  t.deepEqual(await resolver.resolve('gone.internal'), one);
});

test('localhost resolves as the system says, in the shape connect takes', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { lookup } = new NameResolver({ clock: new ManualClock(), log: silentLog });
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: 'localhost', port, lookup });
  await once(socket, 'connect');
  socket.destroy();
  server.close();
  t.pass();
});
