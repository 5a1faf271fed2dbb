/** Specifies drills that break requests on purpose, over real gateways: links cut, clusters slow or failing, and a guardrail that ends it. */
import test from 'ava';
import type { Drill, DrillSpecInput } from '../../federation/drills/model.ts';
import { type Cluster, failback, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';
import { atRest, becomes, inForce, measured, startDrill } from './scene.ts';

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;
let load: SteadyLoad;

/** At once, for long enough to look at it. */
const abrupt = { ramp: '0s', duration: '60s' } as const;
/** Copies are checked by requests to this process: on a busy machine they may be late, and that is to end no drill. */
const minHealthy = 0;
const mayFail = { guardrails: { errorRate: 1, minHealthy } } as const;

test.before(async () => {
  // Clients ask dc1, which has no copy: dc2 answers, and dc3 where dc2 can't.
  const balance = {
    failback,
    clusterOrder: ['dc2', 'dc3'],
    retry: { maxTries: 1 },
    // Half of the answers fail: five in a row would have a copy left out.
    outlier: { consecutive5xx: 0, baseEjection: '1s' },
  };
  ({ dc1, dc2, dc3 } = await federate(scope, {
    dc1: { instances: 0, config: { balance, timeouts: { perTry: '1s' } } },
    dc2: {},
    dc3: {},
  }));
  load = new SteadyLoad(dc1);
  scope.teardown(() => load.stop().then(() => undefined));
  await load.servedBy(dc2);
  await measured(dc1, 'dc2', 20);
});

async function runs(at: Cluster, spec: DrillSpecInput, query = ''): Promise<Drill> {
  const { id } = await startDrill(at, spec, query);
  return becomes(at, id, 'done');
}

function linkFrom(cluster: Cluster, to: Cluster): Promise<string | undefined> {
  return cluster.others().then((others) => others[to.name]?.state);
}

test.serial(
  'a black hole on a link: it looks dead at its one end, traffic goes elsewhere, and comes back when it is aborted',
  async (t) => {
    const { id } = await startDrill(dc3, {
      ...{ ...abrupt, ...mayFail, kind: 'black-hole' },
      scope: { link: { from: 'dc1', to: 'dc2' } },
    });
    const { timeline } = await inForce(dc3, id);
    const times = timeline.filter(({ kind }) => kind === 'gateway').map(({ value }) => value ?? 0);
    t.is(times.length, 3);
    // Within a second; on a busy machine it may be told of later.
    t.true(Math.max(...times) < 2_000, `${times.join(', ')} ms`);
    await load.servedBy(dc3);
    await until('the link to look dead', async () => (await linkFrom(dc1, dc2)) === 'down');
    t.is(await linkFrom(dc3, dc2), 'up');
    t.is(await linkFrom(dc2, dc1), 'up');
    await dc2.gateway.isthmusOk(['drill', 'abort', id]);
    await until('the link to be up again', async () => (await linkFrom(dc1, dc2)) === 'up');
    await load.servedBy(dc2);
    const { report } = await becomes(dc3, id, 'aborted');
    t.is(report?.verdict.passed, false);
  },
);

test.serial(
  'a slow cluster: answers take longer, none fails, and the report says by how much',
  async (t) => {
    await atRest(dc1);
    const { outcome, report } = await runs(dc1, {
      kind: 'slow',
      scope: { cluster: 'dc2' },
      slow: { delay: '120ms', jitter: '20ms' },
      guardrails: { minHealthy },
      ramp: '0s',
      duration: '3s',
    });
    t.is(outcome, 'passed', JSON.stringify(report?.verdict));
    if (!report) return t.fail('there is no report');
    t.true((report.before.p50Ms ?? Infinity) < 100, JSON.stringify(report.before));
    t.true((report.during.p50Ms ?? 0) >= 100, JSON.stringify(report.during));
    t.true((report.prediction.p99Ms ?? 0) >= 140, JSON.stringify(report.prediction));
  },
);

test.serial(
  'a failing cluster: it is predicted to break a guardrail and refused; forced, its share of requests fails for as long as it lasts',
  async (t) => {
    const spec: DrillSpecInput = {
      kind: 'fail',
      scope: { cluster: 'dc2' },
      fail: { percent: 50, status: 500 },
      guardrails: { minHealthy },
      ramp: '0s',
      duration: '3s',
    };
    await t.throwsAsync(startDrill(dc1, spec), {
      code: 'DRILL_UNSAFE',
      message: / % of requests would fail/,
    } as object);
    const forced = { ...spec, overrides: { errorRate: 0.9 } };
    const { outcome, report } = await runs(dc1, forced, '?force=true');
    t.is(outcome, 'failed');
    if (!report) return t.fail('there is no report');
    t.true(report.forced);
    const { errorRate } = report.during;
    t.true(errorRate > 0.2 && errorRate < 0.8, JSON.stringify(report.during));
    t.is(report.before.errors, 0);
    // One may have been under way when it ended.
    t.true(report.after.errors <= 1, JSON.stringify(report.after));
    const budget = report.verdict.objectives.find(({ name }) => name === 'errorBudget');
    t.false(budget?.met);
  },
);

test.serial(
  'more requests fail than the guardrail allows: the drill ends by itself, everywhere',
  async (t) => {
    await atRest(dc2);
    // The copies pass their checks all the while: only failed tries can tell.
    const { id } = await startDrill(dc2, {
      ...{ ...abrupt, kind: 'black-hole' },
      scope: { service: 'orders.shop', cluster: 'dc2' },
      guardrails: { minHealthy },
    });
    const drill = await becomes(dc2, id, 'aborted');
    t.is(drill.abortedBy?.kind, 'guardrail');
    t.regex(drill.abortedBy?.what ?? '', /% of requests fail \(\d+ of \d+\); 1 % may$/);
    t.true(drill.timeline.some(({ kind }) => kind === 'guardrail'));
    await load.servedBy(dc2);
  },
);
