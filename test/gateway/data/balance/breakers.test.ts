/** Specifies that breakers count what all workers of a gateway have under way, and by how much they may be wrong. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { BreakerTable, breakerMemory } from '../../../../gateway/data/balance/breaker-table.ts';
import { Breakers } from '../../../../gateway/data/balance/breakers.ts';
import { defaultBreakers } from '../../../../policy/traffic/breakers.ts';

const service = parseServiceName('orders.shop');
const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');

test('what each worker has under way counts for all, by destination', (t) => {
  const memory = breakerMemory(2);
  const [first, second] = [new BreakerTable(memory, 0), new BreakerTable(memory, 1)];
  first.row('a').add('requests', 1);
  second.row('a').add('requests', 1);
  second.row('a').add('retries', 1);
  t.is(first.row('a').total('requests'), 2);
  t.is(first.row('a').total('retries'), 1);
  t.is(first.row('b').total('requests'), 0);
});

test('what a worker had under way that died counts no more once another thread has its number', (t) => {
  const memory = breakerMemory(2);
  const [first, second] = [new BreakerTable(memory, 0), new BreakerTable(memory, 1)];
  first.row('a').add('requests', 1);
  second.row('a').add('requests', 1);
  new BreakerTable(memory, 0);
  t.is(second.row('a').total('requests'), 1);
});

test('more destinations than are counted together are each counted all the same', (t) => {
  const table = new BreakerTable(breakerMemory(2), 1);
  for (let i = 0; i < 1500; i++) table.row(`${i}`).add('requests', 1);
  for (let i = 0; i < 1500; i++) t.is(table.row(`${i}`).total('requests'), 1);
});

test('a destination is shut at its limit and open under it, whatever the others have', (t) => {
  const told: string[] = [];
  const breakers = new Breakers(service, new BreakerTable(), (...what) =>
    told.push(what.join(' ')),
  );
  breakers.limits = { ...defaultBreakers, maxRequests: 2, maxRetries: 1 };
  const held = breakers.at(dc1).hold(false);
  t.false(breakers.isShut(dc1));
  breakers.at(dc1).hold(true);
  t.true(breakers.isShut(dc1));
  t.false(breakers.isShut(dc2));
  t.deepEqual(breakers.open(), [
    { service, cluster: dc1, breaker: 'maxRequests', limit: 2 },
    { service, cluster: dc1, breaker: 'maxRetries', limit: 1 },
  ]);
  held.letGo();
  t.false(breakers.isShut(dc1));
  breakers.limits = { ...defaultBreakers, maxConnections: 1 };
  const gate = breakers.at(dc1);
  t.is(gate.refusal(true), undefined);
  gate.opened();
  t.is(gate.refusal(false), undefined);
  t.like(gate.refusal(true), { breaker: 'maxConnections', limit: 1 });
  gate.closed();
  t.is(gate.refusal(true), undefined);
  t.deepEqual(told, ['orders.shop dc1 maxConnections']);
});

test('workers that ask at the same moment exceed a limit by one for each further worker, at most', async (t) => {
  const workers = 4;
  const limit = 2;
  const memory = breakerMemory(workers);
  const threads = Array.from({ length: workers }, (_, worker) => {
    const workerData = { memory, worker, limit, rounds: 200_000 };
    return new Worker(new URL('./breaker-worker.ts', import.meta.url), { workerData });
  });
  t.teardown(() => Promise.all(threads.map((thread) => thread.terminate())));
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  const answers = threads.map((thread) => once(thread, 'message'));
  for (const thread of threads) thread.postMessage('go');
  const most = Math.max(...(await Promise.all(answers)).map(([seen]) => seen as number));
  t.log(`at a limit of ${limit}, ${workers} workers had up to ${most} under way`);
  t.true(most <= limit + workers - 1, String(most));
  t.is(new BreakerTable(memory, 0).row('orders.shop dc1').total('requests'), 0);
});
