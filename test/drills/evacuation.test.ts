/** Specifies an evacuation over real gateways: what moves, what comes back, and what is reported. */
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { fingerprintOf } from '../../certs/x509.ts';
import type { ClusterName } from '../../core/names.ts';
import type { DrillSummary, Report } from '../../federation/drills/model.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import {
  becomes,
  evacuation,
  heardOf,
  inForce,
  loadBecomes,
  measured,
  startDrill,
} from './scene.ts';

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(async () => {
  ({ dc1, dc2, dc3 } = await federate(scope, {
    dc1: { instances: 2, config: { capacity: 1000, workers: 2 } },
    dc2: { instances: 2, config: { capacity: 1000, workers: 2 } },
    dc3: { instances: 1, config: { capacity: 1000, workers: 2 } },
  }));
});

test.serial(
  'traffic leaves the cluster, nothing fails, it comes back, and the report tells',
  async (t) => {
    const load = new SteadyLoad(dc1);
    await load.servedBy(dc1);
    // The counts of the first seconds say little of the rate.
    const prediction = await measured(dc2, 'dc1', 20);
    const [first, ...others] = prediction.clusters;
    t.true(prediction.measured);
    t.is(first?.after, 0);
    t.is(others.find(({ cluster }) => cluster === 'dc2')?.capacity, 1000);
    // Whichever of them is nearer by its round trip, or both.
    const taken = others.reduce((sum, { after }) => sum + after, 0);
    t.true(taken > 20, JSON.stringify(others));
    t.true(
      others.some(({ loadAfter }) => (loadAfter ?? 0) > 0.02),
      JSON.stringify(others),
    );
    t.deepEqual(prediction.breaks, []);

    const { id, state } = await startDrill(dc1, { ...evacuation, duration: '3s' });
    t.is(state, 'pending');
    const atWork = await inForce(dc3, id);
    t.is(atWork.state, 'running');
    await load.servedBy(dc2, dc3);
    const drill = await becomes(dc1, id, 'done');
    await load.servedBy(dc1);
    t.deepEqual(await load.stop(), []);
    t.is(drill.outcome, 'passed');

    const { report } = drill;
    if (!report) return t.fail('there is no report');
    t.is(report.verdict.passed, true);
    t.is(report.during.errors, 0);
    t.true(report.before.requests > 0 && report.after.requests > 0);
    t.true((report.timing.inForceMs ?? Infinity) < 3_000, JSON.stringify(report.timing));
    // Of three seconds, and not of a time in which nobody asked for anything.
    const { seconds, requestsPerSecond } = report.before;
    t.true(seconds > 2 && seconds < 6, `${seconds} s`);
    t.true(requestsPerSecond > 35, `${requestsPerSecond}/s`);
    t.is(prediction.concern.what, 'requests for the service orders.shop with copies in dc1');
    // What the timeline said last is what the report says.
    const said = (kind: string) => report.timeline.findLast((entry) => entry.kind === kind)?.value;
    const { shiftMs, goneMs, revertMs } = report.timing;
    t.true(shiftMs !== undefined && goneMs !== undefined && revertMs !== undefined);
    t.deepEqual([said('shifted'), said('reverted'), said('returned')], [shiftMs, goneMs, revertMs]);
    t.true((revertMs ?? 0) > 100, 'load comes back by hold and ramp, not when the effect is gone');
    // What was under way when it came into force is answered there still.
    const left = report.load.find(({ cluster }) => cluster === 'dc1');
    t.true((left?.measured ?? Infinity) < 1, JSON.stringify(left));
    t.true(report.decisions.some(({ reason }) => reason.startsWith('kept off: drill')));
    const kinds = report.timeline.map(({ kind }) => kind);
    for (const kind of [
      'created',
      'ready',
      'started',
      'in-force',
      'shifted',
      'reverting',
      'reverted',
      'returned',
      'ended',
    ]) {
      t.true(kinds.includes(kind as (typeof kinds)[number]), kind);
    }
    t.is(kinds.filter((kind) => kind === 'gateway').length, 3);
  },
);

test.serial(
  'the report is signed by the cluster that drove it, and reads as Markdown and as a page everywhere',
  async (t) => {
    const [drill] = await dc1.gateway.items<DrillSummary>('/v1/drills');
    const id = drill?.id ?? '';
    for (const cluster of [dc2, dc3]) await becomes(cluster, id, 'done');
    const path = `/v1/drills/${id}/report`;
    const report = await dc3.gateway.api.get<Report>(path);
    const { raw } = new X509Certificate(await readFile(join(dc1.gateway.dataDir, 'ca/ca.crt')));
    const kept = join(dc3.gateway.dataDir, 'kept.json');
    const verify = async (written: Report) => {
      await writeFile(kept, JSON.stringify(written));
      return dc3.gateway.isthmus(['drill', 'verify', kept]);
    };
    const proven = await verify(report);
    t.is(proven.code, 0, proven.stderr);
    t.true(proven.stdout.includes(`is as dc1 signed it, with its root ${fingerprintOf(raw)}`));
    for (const forged of [
      { ...report, during: { ...report.during, errors: 7 } },
      { ...report, driver: { ...report.driver, cluster: 'dc2' as ClusterName } },
      { ...report, signature: undefined },
    ]) {
      const { code, stderr } = await verify(forged);
      t.is(code, 5);
      t.regex(stderr, /REPORT_FORGED: The report on drill .* is not as dc[12] signed it/);
    }
    const piped = await dc2.gateway.isthmusOk(['drill', 'report', id, '-o', 'yaml']);
    await writeFile(kept, piped);
    t.is((await dc2.gateway.isthmus(['drill', 'verify', kept])).code, 0);
    await writeFile(kept, '{"id": "x"}');
    t.regex((await dc2.gateway.isthmus(['drill', 'verify', kept])).stderr, /BODY_INVALID/);

    const markdown = await dc2.gateway.isthmusOk(['drill', 'report', report.id]);
    t.regex(markdown, /^# Drill .*: evacuate cluster dc1\n\n\*\*Passed\.\*\*/);
    t.regex(markdown, /\| rto \| met \|/);
    const page = await dc2.gateway.isthmusOk(['drill', 'report', report.id, '--format', 'html']);
    t.regex(page, /^<!doctype html>/);
    t.notRegex(page, /<script|src=|https?:/);
  },
);

test.serial(
  'a drill that would break a guardrail is refused, says which, and runs when forced with another limit in its place',
  async (t) => {
    const spec = { ...evacuation, guardrails: { minHealthy: 4 } };
    const { code, stderr } = await dc1.gateway.isthmus([
      ...['drill', 'run', 'evacuate', '--cluster', 'dc1', '--min-healthy', '4', '--detach'],
    ]);
    t.is(code, 5);
    t.regex(stderr, /DRILL_UNSAFE: .*orders\.shop has 3 healthy copies left; 4 are wanted/);
    const refused = async (overrides: object | undefined, query: string, why: RegExp) => {
      const wanted = { ...spec, ...(overrides && { overrides }) };
      const { message } = await t.throwsAsync(startDrill(dc1, wanted, query));
      t.regex(message, why);
    };
    await refused(undefined, '?force=true', /nothing would stop it in its place/);
    await refused({ errorRate: 0.5 }, '?force=true', /nothing would stop it in its place/);
    await refused({ minHealthy: 4 }, '?force=true', /as well, minHealthy 4/);
    await refused({ minHealthy: 3 }, '', /hold only for a drill that is forced/);
    const id = await dc1.gateway.isthmusOk([
      ...['drill', 'run', 'evacuate', '--cluster', 'dc1', '--min-healthy', '4', '--ramp', '0s'],
      ...['--force', '--override', 'minHealthy=3', '--override', 'errorRate=50%', '--detach'],
    ]);
    await inForce(dc1, id.trim());
    // The limit in its place holds: three are left, then two.
    await dc3.killInstances();
    const drill = await becomes(dc2, id.trim(), 'aborted');
    await dc3.startInstances();
    await loadBecomes([dc3], 'dc3', 100);
    t.true(drill.forced);
    t.deepEqual(drill.spec.overrides, { minHealthy: 3, errorRate: 0.5 });
    t.regex(drill.abortedBy?.what ?? '', /orders\.shop has 2 healthy copies left; 3 are wanted/);
    const report = await dc2.gateway.isthmusOk(['drill', 'report', id.trim()]);
    t.regex(
      report,
      /\| Forced \| yes: errorRate 0\.5 in place of 0\.01, minHealthy 3 in place of 4 \|/,
    );
  },
);

test.serial(
  'while a drill goes on one that shares services with it is refused; aborting it from anywhere reverts it everywhere',
  async (t) => {
    const { id } = await startDrill(dc2, evacuation);
    await heardOf(dc1, id);
    await t.throwsAsync(startDrill(dc1, { ...evacuation, scope: { cluster: 'dc2' } }), {
      code: 'DRILL_CONFLICT',
    } as object);
    await inForce(dc2, id);
    await loadBecomes([dc1, dc2, dc3], 'dc1', 0);
    await dc3.gateway.isthmusOk(['drill', 'abort', id]);
    await loadBecomes([dc1], 'dc1', 100);
    const drill = await becomes(dc2, id, 'aborted');
    t.is(drill.abortedBy?.kind, 'operator');
    t.regex(drill.abortedBy?.what ?? '', /at dc3/);
    t.is(drill.outcome, 'failed');
    await becomes(dc1, id, 'aborted');
    await t.throwsAsync(dc1.gateway.api.send('POST', `/v1/drills/${id}/abort`, {}), {
      code: 'DRILL_OVER',
    } as object);
  },
);

test.serial('of two that begin at once in two clusters the later one gives way', async (t) => {
  const begun = await Promise.allSettled([
    startDrill(dc1, evacuation),
    startDrill(dc2, { ...evacuation, scope: { cluster: 'dc2' } }),
  ]);
  const drills = begun.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const codes = begun.flatMap((one) => (one.status === 'rejected' ? one.reason.code : []));
  const [first, second] = drills.sort(
    (a, b) => a.createdAt - b.createdAt || (a.cluster < b.cluster ? -1 : 1),
  );
  if (!first) return t.fail(`neither began: ${codes}`);
  if (second) {
    const { refusal } = await becomes(dc3, second.id, 'refused');
    t.regex(refusal ?? '', /was there first: .* share services/);
  } else t.deepEqual(codes, ['DRILL_CONFLICT']);
  await inForce(dc3, first.id);
  await dc3.gateway.isthmusOk(['drill', 'abort', first.id]);
  await becomes(dc3, first.id, 'aborted');
});

test.serial('a guardrail that breaks ends the drill by itself', async (t) => {
  const spec = { ...evacuation, guardrails: { minHealthy: 3 } };
  const { id } = await startDrill(dc1, spec);
  await inForce(dc1, id);
  await dc3.killInstances();
  const drill = await becomes(dc1, id, 'aborted');
  t.is(drill.abortedBy?.kind, 'guardrail');
  t.regex(drill.abortedBy?.what ?? '', /orders\.shop has 2 healthy copies left; 3 are wanted/);
  await loadBecomes([dc1], 'dc1', 100);
  await dc3.startInstances();
  await loadBecomes([dc3], 'dc3', 100);
});

test.serial('the command watches a drill to its end and says how it went', async (t) => {
  const { code, stdout, stderr } = await dc1.gateway.isthmus([
    ...['drill', 'run', 'evacuate', '--service', 'orders.shop', '--cluster', 'dc2'],
    ...['--ramp', '0s', '--duration', '1s', '--reason', 'to see it'],
  ]);
  t.regex(stdout, /created .*\n(.*\n)*.* started .*\n(.*\n)*.* ended /);
  t.regex(stdout, / in-force .* \(\d+ ms\)\n/);
  // Nobody asks for anything: that proves nothing, and is no success.
  t.is(code, 3);
  t.regex(
    stderr,
    /Not passed: failed\n {2}rto: There was no traffic to judge by\n {2}errorBudget: There was no .*\nRead it: isthmus drill report /,
  );
  const [drill] = (await dc1.gateway.items<DrillSummary>('/v1/drills')).slice(-1);
  t.is(drill?.spec.reason, 'to see it');
  t.is(drill?.state, 'done');
});

test.serial('a member that shows an expired certificate is refused by every other', async (t) => {
  const { id } = await startDrill(dc2, { kind: 'expire-trust', ramp: '0s', duration: '30s' });
  const drill = await becomes(dc2, id, 'done');
  t.is(drill.outcome, 'passed', JSON.stringify(drill.timeline));
  const probes = drill.timeline.filter(({ kind }) => kind === 'probe');
  t.deepEqual(probes.map(({ cluster }) => cluster).sort(), ['dc1', 'dc3']);
  t.true(probes.every(({ what }) => what.includes('refused the expired certificate')));
});
