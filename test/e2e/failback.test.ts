/** Specifies how traffic comes home, and what a gateway's events tell of its having been away. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { EventItem } from '../../gateway/control/api/answers.ts';
import { loadOn } from '../drills/scene.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const rampMs = 6_000;
const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;

test.before(async () => {
  const config = { balance: { failback: { hold: '500ms', ramp: `${rampMs}ms` } } };
  ({ dc1, dc2 } = await federate(scope, { dc1: { config }, dc2: {} }));
});

async function events(kind: EventItem['kind']): Promise<EventItem[]> {
  const all = await dc1.gateway.items<EventItem>(`/v1/events?kind=${kind}`);
  return all.filter(({ what }) => what.startsWith('orders.shop') || what.startsWith('cart.shop'));
}

test.serial('traffic comes home along the ramp, not all at once', async (t) => {
  const load = new SteadyLoad(dc1);
  t.teardown(() => load.stop());
  await load.servedBy(dc1);
  await dc1.killInstances();
  await load.servedBy(dc2);
  await until('the gateway to have told of it', async () => {
    return (await events('endpoint-down')).length === 1;
  });

  const away = load.samples.length;
  await dc1.startInstances();
  const loads = [0];
  await until('dc1 to have all its load', async () => {
    loads.push(await loadOn(dc1, 'dc1'));
    return loads.at(-1) === 100;
  });
  await load.servedBy(dc1);
  await until('a step of time in which all of it was home', async () => {
    return (await events('spill')).length === 2;
  });
  t.deepEqual(await load.stop(), []);

  const between = new Set(loads.filter((percent) => percent > 0 && percent < 100));
  t.true(between.size >= 3, `the load of dc1 as it came: ${loads}`);
  const back = load.samples.slice(away);
  const from = back.find(({ cluster }) => cluster === 'dc1')?.doneAt ?? 0;
  const atFirst = back.filter(({ doneAt }) => doneAt >= from && doneAt < from + rampMs / 3);
  const share = atFirst.filter(({ cluster }) => cluster === 'dc1').length / atFirst.length;
  t.true(share < 0.5, `the share in dc1 in the first third: ${share}`);
});

test.serial(
  'the events tell which copies went down and came back, and how much traffic was away, over a restart too',
  async (t) => {
    const [down] = await events('endpoint-down');
    t.regex(down?.what ?? '', /^orders\.shop: orders-1 is down \(.+\); none of 1 are healthy$/);
    t.like(down, { severity: 'error', cluster: 'dc1' });
    const [up] = await events('endpoint-up');
    t.is(up?.what, 'orders.shop: orders-1 is back; 1 of 1 is healthy');
    const [left, back] = await events('spill');
    t.regex(
      left?.what ?? '',
      /^orders\.shop: traffic leaves dc1: \d+ of the last \d+ requests were answered by dc2$/,
    );
    t.regex(back?.what ?? '', /^orders\.shop: traffic is back in dc1 after \d+ s: \d+ of \d+ req/);
    t.true(Number(left?.details?.['elsewhere']) > 0);
    t.true(Number(back?.details?.['elsewhere']) >= Number(left?.details?.['elsewhere']));

    const before = await dc1.gateway.items<EventItem>('/v1/events');
    const last = before.at(-1)?.id ?? '';
    await until('the last of them to be on disk', async () =>
      (await readFile(join(dc1.gateway.dataDir, 'events.jsonl'), 'utf8')).includes(last),
    );
    await dc1.gateway.kill();
    await dc1.start();
    const after = await dc1.gateway.items<EventItem>('/v1/events');
    t.deepEqual(after.slice(0, before.length), before);
    t.true(after.length > before.length, 'and it goes on');
  },
);

test.serial('a copy that is left out for failing is told of, with how many are', async (t) => {
  const path = '/v1/services/shop/cart/endpoints';
  const [host = '', port] = dc1.instances[0]?.address.split(':') ?? [];
  await dc1.gateway.api.send('PUT', `${path}/well`, { address: host, port: Number(port) });
  // Nobody listens there, and nobody checks.
  await dc1.gateway.api.send('PUT', `${path}/dead`, { address: host, port: 1 });
  const told = await until('the event', async () => {
    for (let i = 0; i < 5; i++) await dc1.gateway.request('cart.shop');
    return (await events('ejection')).find(({ what }) => what.startsWith('cart.shop'));
  });
  t.regex(told.what, /^cart\.shop: endpoint dead ejected after .+; 1 of 2 here ejected$/);
});
