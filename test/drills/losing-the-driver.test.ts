/** Specifies drills whose driver or registry dies: every gateway lets go by itself, in time, and for good. */
import test from 'ava';
import type { Drill } from '../../federation/drills/model.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';
import { drillAt, evacuation, inForce, loadBecomes, startDrill } from './scene.ts';

const scope = sharedScope(test);
/** Without a beat for five seconds it is over. What is told of takes a moment more on a busy machine. */
const withinMs = 5_000 + 3_000;
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(async () => {
  // dc1 hosts the registry; dc2 drives.
  ({ dc1, dc2, dc3 } = await federate(scope, { dc1: {}, dc2: {}, dc3: {} }));
});

async function tookMs(waiting: Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await waiting;
  return performance.now() - startedAt;
}

function lost(drill: Drill): boolean {
  return drill.state === 'aborted' && drill.abortedBy?.kind === 'driver-lost';
}

test.serial(
  'its driver is killed: load comes back everywhere, the drill counts as aborted, and a new driver does not take it up',
  async (t) => {
    const { id } = await startDrill(dc2, { ...evacuation, scope: { cluster: 'dc3' } });
    await inForce(dc1, id);
    await loadBecomes([dc1, dc3], 'dc3', 0);
    await dc2.gateway.kill();
    const ms = await tookMs(loadBecomes([dc3], 'dc3', 100));
    t.true(ms < withinMs, `${ms} ms`);
    await until('dc1 to count it as lost', async () => lost(await drillAt(dc1, id)));
    await until('its operators to be told', async () => {
      const events = await dc1.gateway.items<{ readonly what: string }>('/v1/events');
      return events.some(({ what }) => what.startsWith(`Drill ${id} was reverted here`));
    });
    await dc2.start();
    await until('dc2 to say how it ended', async () => {
      const drill = await drillAt(dc1, id);
      return drill.endedAt !== undefined && drill.timeline.some(({ kind }) => kind === 'ended');
    });
    t.true(lost(await drillAt(dc2, id)));
    await loadBecomes([dc3], 'dc3', 100);
  },
);

test.serial(
  'the registry dies: no gateway goes on with the drill, that of its driver included, nor when it is back',
  async (t) => {
    const { id } = await startDrill(dc2, { ...evacuation, scope: { cluster: 'dc3' } });
    await inForce(dc2, id);
    await loadBecomes([dc2, dc3], 'dc3', 0);
    await dc1.gateway.kill();
    const ms = await tookMs(loadBecomes([dc3], 'dc3', 100));
    t.true(ms < withinMs, `${ms} ms`);
    const drill = await until('its driver to give up', async () => {
      const seen = await drillAt(dc2, id);
      return seen.state === 'aborted' ? seen : undefined;
    });
    t.is(drill.abortedBy?.kind, 'registry-lost');
    await t.throwsAsync(startDrill(dc2, evacuation), { code: 'DRILL_NOT_REVERTIBLE' } as object);
    await dc1.start();
    await until('dc1 to know how it ended', async () => {
      const seen = await drillAt(dc1, id);
      return seen.abortedBy?.kind === 'registry-lost' && seen.report !== undefined;
    });
    await loadBecomes([dc3], 'dc3', 100);
  },
);

test.serial('its driver is stopped: it says so, and everything reverts at once', async (t) => {
  await until('dc2 to hear the registry again', async () => {
    return (await dc2.gateway.status()).registry.kind === 'connected';
  });
  const { id } = await startDrill(dc2, { ...evacuation, scope: { cluster: 'dc3' } });
  await inForce(dc1, id);
  await loadBecomes([dc3], 'dc3', 0);
  const stopping = dc2.gateway.stop();
  await loadBecomes([dc3], 'dc3', 100);
  await stopping;
  const drill = await drillAt(dc1, id);
  t.is(drill.abortedBy?.what, 'The gateway that drove it stopped');
  t.is(drill.report?.verdict.passed, false);
});
