/**
 * Specifies that what may happen once happens once, while the ways to the registry and to the gateways are cut at random: recorded
 * histories of tokens and of writes under a lease are linearizable.
 */
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { join } from '../../federation/join.ts';
import { LeaseSession } from '../../registry/session.ts';
import { linearize, type Model } from '../support/linearizability.ts';
import { type Random, seeded } from '../support/random.ts';
import { Recorder } from '../support/recorder.ts';
import { openStore } from '../support/store.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { cluster, founder, joining, registry, tokenOf } from './fixtures.ts';

async function line(t: ExecutionContext, target: string): Promise<TcpProxy> {
  const proxy = await startTcpProxy({ target });
  t.teardown(() => proxy.close());
  return proxy;
}

/** Breaks the line again and again, some hundred milliseconds apart, until it is told to end; then the line is whole. */
async function trouble(proxy: TcpProxy, random: Random, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, 200 + random.below(600)));
    if (random.below(3) === 0) proxy.hold();
    else proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, random.below(40)));
    proxy.restore();
  }
}

/** By whom it was used. */
const token: Model<string | undefined, string, 'admitted' | 'refused'> = {
  initial: undefined,
  step(state, joiner, output) {
    const after = state ?? joiner;
    if (output === undefined) return [after];
    return (after === joiner) === (output === 'admitted') ? [after] : [];
  },
  keyOf: String,
};

test('a token that many use at once admits one cluster, and who is refused is refused after that', async (t) => {
  const random = seeded();
  t.log(`seed ${random.seed}`);
  const behind = await line(t, await registry(t));
  const dc1 = await founder(t, behind.address);
  const front = await line(t, dc1.address);
  const text = await tokenOf(dc1, [front.address]);
  const racers = await Promise.all(['dc2', 'dc3', 'dc4', 'dc5'].map((name) => cluster(t, name)));
  const recorder = new Recorder<string, 'admitted' | 'refused'>();
  let isOver = false;
  const troubles = [behind, front].map((proxy) => trouble(proxy, random, () => isOver));
  await Promise.all(
    racers.map(async (racer) => {
      for (let tries = 0; tries < 2; tries++) {
        await recorder.call(
          racer.name,
          () => join(text, joining(racer)).then(() => 'admitted' as const),
          (thrown) =>
            thrown instanceof IsthmusError && thrown.code === 'TOKEN_INVALID'
              ? 'refused'
              : undefined,
        );
      }
    }),
  );
  isOver = true;
  await Promise.all(troubles);
  t.is(linearize(recorder.history, token).kind, 'linearizable', JSON.stringify(recorder.history));
  t.true(recorder.history.some(({ output }) => output !== undefined));
});

/** What a session wants is numbered: a later wish is never undone by an earlier one. */
const wishes: Model<number, { readonly wish: number } | 'read', number> = {
  initial: 0,
  step(state, input, output) {
    if (input !== 'read') return [Math.max(state, input.wish)];
    return output === undefined || output === state ? [state] : [];
  },
  keyOf: String,
};

test('a write under a lease that the way to the registry delays never undoes a later one', async (t) => {
  const random = seeded();
  t.log(`seed ${random.seed}`);
  const address = await registry(t);
  const behind = await line(t, address);
  const endpoints = [`http://${behind.address}`];
  const session = new LeaseSession({
    store: openStore(t, { endpoints, deadlineMs: 1_000 }),
    ...{ ttlSeconds: 5, clock: systemClock, random: Math.random, log: silentLog },
  });
  t.teardown(() => session.close());
  const reader = openStore(t, { endpoints: [`http://${address}`] });
  const read = async () => {
    const stored = await reader.get('/own');
    return stored ? Number(new TextDecoder().decode(stored.value)) : 0;
  };
  const recorder = new Recorder<{ readonly wish: number } | 'read', number>();
  let isOver = false;
  const cutting = trouble(behind, random, () => isOver);
  session.start();
  const last = 80;
  for (let wish = 1; wish <= last; wish++) {
    // Nobody tells when a wish is fulfilled: it has no answer.
    await recorder.call(
      { wish },
      async () => session.put('/own', String(wish)) as never,
      () => undefined,
    );
    await recorder.call('read', read, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, random.below(60)));
  }
  isOver = true;
  await cutting;
  await until('the last wish to be fulfilled', async () => (await read()) === last);
  t.is(linearize(recorder.history, wishes).kind, 'linearizable', JSON.stringify(recorder.history));
  const seen = new Set(recorder.history.map(({ output }) => output));
  t.true(seen.size > 5, 'the session wrote between the cuts');
});
