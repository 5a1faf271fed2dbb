/** Specifies what a drill is predicted to do: where load would go, what would fail, and which guardrails would break. */
import test from 'ava';
import type { ClusterName, ServiceName } from '../../../../core/names.ts';
import type { History } from '../../../../federation/drills/measures.ts';
import { measureRecordSchema } from '../../../../federation/drills/records.ts';
import type { DrillSpec, DrillSpecInput } from '../../../../federation/drills/spec.ts';
import {
  failingAfterRetries,
  fewestHealthyLeft,
  predict as predictFrom,
  type Seen,
} from '../../../../gateway/control/drills/predict.ts';
import type { Shift } from '../../../../gateway/data/balance/steering.ts';
import type { Group } from '../../../../gateway/data/balance/types.ts';
import { drill } from '../../../federation/drills/specs.ts';
import { dc1, dc2, dc3, policyWith, remote, viewOf, web } from '../../data/balance/scenes.ts';

const clusters = [dc1, dc2, dc3];

interface Given {
  /** Requests per second that each cluster's clients make; none: nothing was measured. */
  readonly demand?: Partial<Record<string, number>>;
  readonly capacity?: Partial<Record<string, number>>;
  /** Stated for the service itself. */
  readonly serviceCapacity?: Partial<Record<string, number>>;
  /** Healthy copies in each cluster, by zone. */
  readonly copies?: Partial<Record<string, Record<string, number>>>;
  readonly shifts?: readonly Shift[];
}

const oneEach = { dc1: { a: 1, b: 1 }, dc2: { a: 2 }, dc3: { a: 2 } };

/** Three clusters in one region that prefer themselves, then each other in order of name. */
function world({
  demand = {},
  capacity = {},
  serviceCapacity = {},
  copies = oneEach,
  shifts = [],
}: Given = {}) {
  const groups = clusters.flatMap((cluster) =>
    Object.entries(copies[cluster] ?? {}).map(
      ([zone, healthy]): Group => ({
        ...{ cluster, region: 'eu', zone, total: healthy, healthy, degraded: 0, excluded: 0 },
      }),
    ),
  );
  const found: Seen = {
    self: dc1,
    services: () => [web],
    clusters: () => clusters,
    capacity: (cluster) => capacity[cluster],
    serviceCapacity: (_service, cluster) => serviceCapacity[cluster],
    caller: (cluster) => ({ cluster, region: 'eu', zone: 'z' }),
    view: (_service, from) =>
      viewOf(
        groups,
        clusters.filter((one) => one !== from).map((one) => remote(one, { region: 'eu' })),
      ),
    policy: () => policyWith({ clusterOrder: clusters }),
    shifts: () => shifts,
  };
  const histories = new Map(
    Object.entries(demand).map(([cluster, rate]) => [
      `${cluster}/gw1`,
      history(cluster as ClusterName, rate ?? 0),
    ]),
  );
  return { ...found, histories };
}

type Heard = ReturnType<typeof world>;

function predict(spec: DrillSpec, heard: Heard, at: { wall: number; monotonic: number }) {
  const { histories, ...seen } = heard;
  return predictFrom(spec, seen, { histories, unknown: [] }, at);
}

/** Of another service. */
const batch = 'batch.shop' as ServiceName;

function counted(
  service: ServiceName,
  cluster: ClusterName,
  requests: number,
  latency: (requests: number) => readonly number[],
) {
  const to = { [cluster]: requests };
  return { service, requests, failed: 0, to, latency: latency(requests) };
}

/** Ten seconds of a steady rate, each answered within 10 to 100 ms; `batch` within 10. */
function history(cluster: ClusterName, rate: number, besides = 0): History {
  const measure = (uptimeMs: number, share: number) =>
    measureRecordSchema.parse({
      ...{ cluster, id: 'gw1', uptimeMs, boundsMs: [10, 100], following: [] },
      services: [
        counted(web, cluster, share * rate * 10, (n) => [0, n, 0]),
        counted(batch, cluster, share * besides * 10, (n) => [n, 0, 0]),
      ],
    });
  return [
    { at: 0, measure: measure(0, 0) },
    { at: 10_000, measure: measure(10_000, 1) },
  ];
}

function predicted(spec: DrillSpecInput, given: Given = {}) {
  return predict(drill(spec), world(given), { wall: 7, monotonic: 10_000 });
}

/** What each cluster would answer, rounded: requests per second, or with nothing measured percent. */
function after(spec: DrillSpecInput, given: Given): number[] {
  const { clusters: found, measured } = predicted(spec, given);
  return found.map((one) => Math.round(measured ? one.after : 100 * one.shareAfter));
}

const even = { demand: { dc1: 100, dc2: 100, dc3: 100 } };
const abrupt = { ramp: '0s', duration: '10s' } as const;
const inDc1 = { scope: { cluster: 'dc1' } } as const;
const zoneA = { scope: { cluster: 'dc1', zone: 'a' } } as const;

test('load goes where the balancing code sends it', (t) => {
  const link = { scope: { link: { from: 'dc1', to: 'dc2' } } };
  const only2 = { demand: { dc1: 100 }, copies: { dc2: { a: 2 }, dc3: { a: 2 } } };
  const fail = { percent: 50 };
  const slow = { delay: '1s' };
  const table: readonly (readonly [string, DrillSpecInput, Given, readonly number[]])[] = [
    ['it leaves', { kind: 'evacuate', ...inDc1 }, even, [0, 200, 100]],
    [
      'one service of it',
      { kind: 'evacuate', scope: { cluster: 'dc1', service: web } },
      even,
      [0, 200, 100],
    ],
    ['nothing measured', { kind: 'evacuate', ...inDc1 }, {}, [0, 67, 33]],
    ['what a black hole swallows is gone', { kind: 'black-hole', ...inDc1 }, even, [0, 200, 100]],
    ['one of two zones is enough', { kind: 'black-hole', ...zoneA }, even, [100, 100, 100]],
    ['a link is lost to those at its end', { kind: 'black-hole', ...link }, only2, [0, 0, 100]],
    ['slow answers are answers', { kind: 'slow', slow, ...inDc1 }, even, [100, 100, 100]],
    ['so are failures', { kind: 'fail', fail, ...inDc1 }, even, [100, 100, 100]],
    ['trust moves nothing', { kind: 'expire-trust' }, even, [100, 100, 100]],
    ['nor does the registry', { kind: 'lose-registry' }, even, [100, 100, 100]],
    [
      'on top of what is drained',
      { kind: 'evacuate', ...inDc1 },
      { ...even, shifts: [{ kind: 'withhold', cluster: dc2, percent: 100, why: 'drained' }] },
      [0, 0, 300],
    ],
  ];
  for (const [what, spec, given, loads] of table) {
    t.deepEqual(after({ ...abrupt, ...spec }, given), loads, what);
  }
});

test('shares say how much of all goes where, now and then', (t) => {
  const [first, second] = predicted(
    { kind: 'evacuate', ...inDc1 },
    { demand: { dc1: 30, dc2: 10 } },
  ).clusters;
  t.like(first, { cluster: dc1, before: 30, after: 0, shareBefore: 0.75, shareAfter: 0 });
  t.like(second, { cluster: dc2, before: 10, after: 40, shareBefore: 0.25, shareAfter: 1 });
});

/** dc1's clients ask for a hundred times as much of another service, which has copies in zone a of dc1 alone. */
const beside = {
  ...world({ demand: { dc1: 10, dc2: 10 }, capacity: { dc1: 2_000 } }),
  services: () => [batch, web],
  view(service: ServiceName, from: ClusterName) {
    const seen = world().view(web, from);
    const isThere = (group: Group) => group.cluster === dc1 && group.zone === 'a';
    return service === web ? seen : { ...seen, groups: seen.groups.filter(isThere) };
  },
  histories: new Map([
    ['dc1/gw1', history(dc1, 10, 1_000)],
    ['dc2/gw1', history(dc2, 10)],
  ]),
} satisfies Heard;

test('what is counted is what the drill concerns, and it says so', (t) => {
  const cut = { link: { from: 'dc1', to: 'dc2' } };
  const table: readonly (readonly [DrillSpecInput['scope'], readonly number[], string])[] = [
    [{ service: web }, [10, 10, 0], 'requests for web.shop'],
    [
      { cluster: 'dc1' },
      [1_010, 10, 0],
      'requests for the 2 services (batch.shop, web.shop) with copies in dc1',
    ],
    [{ cluster: 'dc2' }, [10, 10, 0], 'requests for the service web.shop with copies in dc2'],
    [
      { cluster: 'dc1', zone: 'b' },
      [10, 10, 0],
      'requests for the service web.shop with copies in zone b of dc1',
    ],
    [
      cut,
      [10, 0, 0],
      'requests that clients of dc1 make for the service web.shop with copies in dc2',
    ],
  ];
  for (const [scope = {}, before, what] of table) {
    const spec = drill({ kind: 'fail', fail: { percent: 1, status: 500 }, scope });
    const found = predict(spec, beside, { wall: 7, monotonic: 10_000 });
    t.is(found.concern.what, what);
    t.deepEqual(
      found.clusters.map((one) => Math.round(one.before)),
      before,
      what,
    );
  }
});

test('errors and latency are of what the drill concerns; load is of everything', (t) => {
  const spec = drill({
    ...{ kind: 'fail', fail: { percent: 100, status: 500 } },
    scope: { service: web },
  });
  const found = predict(spec, beside, { wall: 7, monotonic: 10_000 });
  t.is(found.errorRate, 1);
  t.true((found.p99Ms ?? 0) > 10);
  t.is(found.clusters[0]?.loadBefore, 1_010 / 2_000);
});

test('the load guardrail is held against what is stated for a service, where it is', (t) => {
  const spec = { kind: 'evacuate', ...inDc1 } as const;
  t.deepEqual(predicted(spec, { ...even, serviceCapacity: { dc2: 250, dc1: 1 } }).breaks, []);
  const { breaks } = predicted(spec, { ...even, serviceCapacity: { dc2: 200 } });
  t.deepEqual(
    breaks.map(({ guardrail, value, what }) => [guardrail, value, what]),
    [['load', 1, 'web.shop in dc2 would be asked 200 times a second; it states 200']],
  );
  t.deepEqual(predicted(spec, { serviceCapacity: { dc2: 1 } }).breaks, []);
});

test('the load guardrail is held against stated capacity', (t) => {
  const spec = { kind: 'evacuate', ...inDc1 } as const;
  const enough = predicted(spec, { ...even, capacity: { dc2: 250, dc3: 250 } });
  t.deepEqual(enough.breaks, []);
  t.is(enough.clusters[1]?.loadAfter, 0.8);
  t.deepEqual(enough.notes, [
    'The load guardrail does not watch clusters that state no capacity: dc1',
  ]);
  const short = predicted(spec, { ...even, capacity: { dc2: 200 } });
  t.deepEqual(
    short.breaks.map(({ guardrail, value }) => [guardrail, value]),
    [['load', 1]],
  );
  // Without traffic there is no load.
  t.deepEqual(predicted(spec, { capacity: { dc2: 1 } }).breaks, []);
});

test('healthy copies left are counted, of the service that has fewest', (t) => {
  const table: readonly (readonly [DrillSpecInput, number])[] = [
    [{ kind: 'evacuate', ...inDc1 }, 4],
    [{ kind: 'black-hole', ...inDc1 }, 4],
    [{ kind: 'black-hole', ...zoneA }, 5],
    [{ kind: 'black-hole', scope: { link: { from: 'dc1', to: 'dc2' } } }, 6],
    [{ kind: 'black-hole', scope: { service: web } }, 0],
    [{ kind: 'slow', slow: { delay: '1s' }, ...inDc1 }, 6],
  ];
  for (const [spec, healthy] of table) {
    t.deepEqual(fewestHealthyLeft(drill(spec), world(), { services: [web] }), {
      service: web,
      healthy,
    });
    t.deepEqual(predicted(spec).fewestHealthy, { service: web, healthy });
  }
  const [broken] = predicted({ kind: 'black-hole', scope: { service: web } }).breaks;
  t.is(broken?.guardrail, 'minHealthy');
});

test('failures are those that are left after retries', (t) => {
  const table = [
    // Of one try nothing is left to try.
    [0.5, { maxTries: 1, budgetPercent: 20 }, 0.5],
    [0.5, { maxTries: 2, budgetPercent: 100 }, 0.25],
    // Beyond the budget nothing is tried again.
    [0.5, { maxTries: 4, budgetPercent: 20 }, 0.3],
    [0.1, { maxTries: 4, budgetPercent: 20 }, 0.0001],
    [0, { maxTries: 4, budgetPercent: 20 }, 0],
  ] as const;
  for (const [p, retry, left] of table) {
    t.true(Math.abs(failingAfterRetries(p, retry) - left) < 1e-9, `${p} ${JSON.stringify(retry)}`);
  }
});

test('failing: by what it strikes, and by what is tried again', (t) => {
  const fail = (percent: number, status?: number) =>
    ({ kind: 'fail', fail: { percent, ...(status && { status }) } }) as const;
  const table: readonly (readonly [string, DrillSpecInput, number])[] = [
    ['half of a third: tried again, and within the budget', { ...fail(50), ...inDc1 }, 0],
    ['all of a third', { ...fail(100), ...inDc1 }, 0.1333],
    ['everything', { ...fail(100), scope: { service: web } }, 1],
    ['500 is not tried again', { ...fail(50, 500), ...inDc1 }, 0.1667],
    ['one of two zones', { ...fail(50, 500), ...zoneA }, 0.0833],
    ["what is the client's fault is no failure", { ...fail(100, 404), ...inDc1 }, 0],
    ['a link nobody uses', { ...fail(100), scope: { link: { from: 'dc1', to: 'dc2' } } }, 0],
  ];
  for (const [what, spec, errorRate] of table) {
    const found = predicted(spec, even);
    t.true(Math.abs(found.errorRate - errorRate) < 0.001, `${what}: ${found.errorRate}`);
    const breaks = found.breaks.some(({ guardrail }) => guardrail === 'errorRate');
    t.is(breaks, found.errorRate > 0.01, what);
  }
});

test('slowing is in the p99 where it strikes more than one in a hundred', (t) => {
  const slow = { kind: 'slow', slow: { delay: '200ms', jitter: '50ms' } } as const;
  const usual = predicted({ kind: 'evacuate', ...inDc1 }, even).p99Ms ?? 0;
  t.true(usual > 90 && usual < 100);
  t.is(predicted({ ...slow, ...inDc1 }, even).p99Ms, usual + 250);
  t.is(predicted({ ...slow, scope: { link: { from: 'dc1', to: 'dc3' } } }, even).p99Ms, usual);
  t.is(predicted({ ...slow, ...inDc1 }).p99Ms, undefined);
  const guarded = predicted({ ...slow, ...inDc1, guardrails: { p99: '300ms' } }, even);
  t.deepEqual(
    guarded.breaks.map(({ guardrail }) => guardrail),
    ['p99'],
  );
});

test('it says what it does not know', (t) => {
  const nobody = 'none.shop' as ServiceName;
  const table: readonly (readonly [DrillSpecInput, Given, RegExp])[] = [
    [{ kind: 'evacuate', ...inDc1 }, {}, /^No traffic was measured/],
    [{ kind: 'black-hole', ...inDc1 }, even, /Loads are those after the loss is noticed/],
    [{ kind: 'expire-trust' }, even, /^Nothing moves: a certificate/],
    [{ kind: 'lose-registry' }, even, /^Nothing moves: gateways route by what they know/],
    [{ kind: 'evacuate', scope: { service: nobody } }, even, /Nobody has a copy of none\.shop/],
  ];
  for (const [spec, given, note] of table) {
    const { notes, at } = predicted(spec, given);
    t.regex(notes.join('\n'), note);
    t.is(at, 7);
  }
});

test('what gateways count that do not answer is unknown, and is not taken for nothing', (t) => {
  const { histories, ...seen } = world({ demand: { dc1: 10 } });
  const unknown = [
    { cluster: dc2, gateway: 'gw1', heardAt: 60_000 },
    { cluster: dc3, gateway: 'gw7' },
  ];
  const spec = drill({ kind: 'evacuate', ...inDc1 });
  const at = { wall: 100_000, monotonic: 10_000 };
  const some = predictFrom(spec, seen, { histories, unknown }, at);
  t.true(some.measured);
  t.deepEqual(some.unknown, unknown);
  const named = [
    'What clients of dc2 ask for is unknown: its gw1 does not answer, last heard of 40 s ago',
    'What clients of dc3 ask for is unknown: its gw7 does not answer',
  ];
  t.deepEqual(some.notes.slice(-2), named);
  const none = predictFrom(spec, seen, { histories: new Map(), unknown }, at);
  t.false(none.measured);
  t.deepEqual(none.notes, [
    'No traffic was measured at the gateways that answer: shares are as if every cluster asked alike',
    ...named,
  ]);
});
