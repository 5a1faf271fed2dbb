/** Specifies how traffic comes home. */
import test from 'ava';
import { federate } from '../support/federation.ts';
import { SteadyLoad } from '../support/steady-load.ts';

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
  await load.servedBy(dc1);
  t.deepEqual(await load.stop(), []);

  const back = load.samples.slice(away);
  const from = back.find(({ cluster }) => cluster === 'dc1')?.doneAt ?? 0;
  const thirds = [0, 1, 2].map((third) => {
    const begin = from + (third * rampMs) / 3;
    const during = back.filter(({ doneAt }) => doneAt >= begin && doneAt < begin + rampMs / 3);
    return during.filter(({ cluster }) => cluster === 'dc1').length / during.length;
  });
  const [early = 1, middle = 0, late = 0] = thirds;
  t.true(early < middle && middle < late, `the share in dc1 by thirds of the ramp: ${thirds}`);
  t.true(early < 0.5, `the share in dc1 in the first third: ${early}`);
});
