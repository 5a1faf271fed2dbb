/** Specifies drills whose driver or registry dies: every gateway lets go by itself, in time, and for good. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Drill } from '../../federation/drills/model.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';
import { drillAt, evacuation, inForce, loadBecomes, startDrill } from './scene.ts';

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(async () => {
  // dc1 hosts the registry; dc2 drives.
  ({ dc1, dc2, dc3 } = await federate(scope, { dc1: {}, dc2: {}, dc3: {} }));
});

function lost(drill: Drill): boolean {
  return drill.state === 'aborted' && drill.abortedBy?.kind === 'driver-lost';
}

test.serial(
  'its driver is killed: load comes back everywhere, the drill counts as aborted, another gateway reports, and a new driver does not take it up',
  async (t) => {
    const begun = Date.now();
    const { id } = await startDrill(dc2, { ...evacuation, scope: { cluster: 'dc3' } });
    await inForce(dc1, id);
    await loadBecomes([dc1, dc3], 'dc3', 0);
    await dc2.gateway.kill();
    // Long before its own end: it lasts a minute, and this waits for half of one.
    await loadBecomes([dc3], 'dc3', 100);
    const seen = await until('dc1 to count it as lost', async () => {
      const drill = await drillAt(dc1, id);
      return lost(drill) ? drill : undefined;
    });
    t.true(
      seen.endedAt !== undefined && seen.endedAt <= Date.now(),
      'nothing is left to count down',
    );
    const report = await until('dc3 to hear what was seen of it', async () => {
      const { report: told } = await drillAt(dc3, id);
      return told;
    });
    t.deepEqual(report.witness, { cluster: 'dc1', gateway: report.witness?.gateway ?? '' });
    t.is(report.abortedBy?.kind, 'driver-lost');
    t.true(report.endedAt > begun && report.endedAt <= Date.now());
    t.is(report.verdict.passed, false);
    const kinds = report.timeline.map(({ kind }) => kind);
    for (const kind of ['started', 'in-force', 'abort', 'reverted', 'ended'] as const) {
      t.is(kinds.filter((one) => one === kind).length, 1, kind);
    }
    const kept = join(dc3.gateway.dataDir, 'kept.json');
    await writeFile(kept, JSON.stringify(await dc3.gateway.api.get(`/v1/drills/${id}/report`)));
    const proven = await dc3.gateway.isthmus(['drill', 'verify', kept]);
    t.regex(proven.stdout, /is as dc1 signed it/, proven.stderr);
    await until('its operators to be told', async () => {
      const events = await dc1.gateway.items<{ readonly what: string }>('/v1/events');
      return events.some(({ what }) => what.startsWith(`Drill ${id} was reverted here`));
    });
    await dc2.start();
    await until('dc2 to say how it ended', async () => {
      const drill = await drillAt(dc1, id);
      return drill.endedAt !== undefined && drill.timeline.some(({ kind }) => kind === 'ended');
    });
    const told = await drillAt(dc2, id);
    t.true(lost(told));
    t.is(told.endedAt, report.endedAt);
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
    // Long before its own end: it lasts a minute, and this waits for half of one.
    await loadBecomes([dc3], 'dc3', 100);
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
