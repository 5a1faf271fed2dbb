/** Specifies how traffic comes home. */
import test from 'ava';
import { loadOn } from '../drills/scene.ts';
import { federate } from '../support/federation.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const rampMs = 6_000;

test('traffic comes home along the ramp, not all at once', async (t) => {
  const config = { balance: { failback: { hold: '500ms', ramp: `${rampMs}ms` } } };
  const { dc1, dc2 } = await federate(t, { dc1: { config }, dc2: {} });
  const load = new SteadyLoad(dc1);
  t.teardown(() => load.stop());
  await load.servedBy(dc1);
  await dc1.killInstances();
  await load.servedBy(dc2);

  const away = load.samples.length;
  await dc1.startInstances();
  const loads = [0];
  await until('dc1 to have all its load', async () => {
    loads.push(await loadOn(dc1, 'dc1'));
    return loads.at(-1) === 100;
  });
  await load.servedBy(dc1);
  t.deepEqual(await load.stop(), []);

  const between = new Set(loads.filter((percent) => percent > 0 && percent < 100));
  t.true(between.size >= 3, `the load of dc1 as it came: ${loads}`);
  const back = load.samples.slice(away);
  const from = back.find(({ cluster }) => cluster === 'dc1')?.doneAt ?? 0;
  const atFirst = back.filter(({ doneAt }) => doneAt >= from && doneAt < from + rampMs / 3);
  const share = atFirst.filter(({ cluster }) => cluster === 'dc1').length / atFirst.length;
  t.true(share < 0.5, `the share in dc1 in the first third: ${share}`);
});
