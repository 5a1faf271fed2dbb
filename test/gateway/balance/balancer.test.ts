import test from 'ava';
import { createServiceBalancer } from '../../../gateway/balance/balancer.ts';
import type {
  BalancePolicy,
  Distribution,
  Group,
  PickRequest,
  RemoteCluster,
} from '../../../gateway/balance/types.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  caller,
  dc2,
  dc3,
  policyWith,
  remote,
  request,
  seeded,
  summary,
  viewOf,
  web,
  zone,
} from './scenes.ts';

interface Setting {
  readonly groups: readonly Group[];
  readonly remotes?: readonly RemoteCluster[];
  readonly policy?: Partial<BalancePolicy>;
}

function start({ groups, remotes = [], policy = {} }: Setting) {
  const clock = new ManualClock();
  const decisions: Distribution[] = [];
  const balancer = createServiceBalancer({
    service: web,
    caller,
    clock,
    random: seeded(1),
    onChange: (distribution) => decisions.push(distribution),
  });
  const update = (next: readonly Group[], links: readonly RemoteCluster[] = remotes) =>
    balancer.update(viewOf(next, links), policyWith(policy));
  update(groups);
  const pickKey = (rest: Partial<PickRequest> = {}) => balancer.pick(request(rest))?.key;
  /** How often each key is picked, of a hundred. */
  const spread = (rest: Partial<PickRequest> = {}) => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < 100; i++) {
      const key = pickKey(rest) ?? 'nothing';
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  };
  const fail = (key: string, times: number, result: 'failed' | 'unsent' = 'failed') => {
    for (let i = 0; i < times; i++) {
      const target = balancer.pick(request({ tried: new Set(keys.filter((one) => one !== key)) }));
      if (target?.key !== key) throw new Error(`picked ${target?.key} instead of ${key}`);
      balancer.started(target);
      balancer.finished(target, result, 5);
    }
  };
  const keys = ['endpoint/a', 'endpoint/b', 'endpoint/c', 'cluster/dc2', 'cluster/dc3'];
  const loads = () =>
    balancer.distribution().tiers.map((tier) => tier.healthyLoad + tier.degradedLoad);
  return { balancer, clock, decisions, update, pickKey, spread, fail, loads };
}

const three = zone('eu-a', { a: 'healthy', b: 'healthy', c: 'healthy' });
const dead = zone('eu-a', { a: 'unhealthy', b: 'unhealthy', c: 'unhealthy' });

test('before it knows of anything it picks nothing', (t) => {
  const { pickKey, loads } = start({ groups: [] });
  t.is(pickKey(), undefined);
  t.deepEqual(loads(), []);
});

test('requests stay in the zone while it is well', (t) => {
  const { spread } = start({ groups: [three, summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  t.deepEqual(Object.keys(spread()).sort(), ['endpoint/a', 'endpoint/b', 'endpoint/c']);
});

test('requests spread over tiers as their loads say, and unhealthy endpoints get none', (t) => {
  const { spread } = start({
    groups: [zone('eu-a', { a: 'healthy', b: 'unhealthy' }), summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
    policy: { algorithm: 'random' },
  });
  const counts = spread();
  t.is(counts['endpoint/b'], undefined);
  t.true(Math.abs((counts['endpoint/a'] ?? 0) - 70) < 15);
  t.is((counts['endpoint/a'] ?? 0) + (counts['cluster/dc2'] ?? 0), 100);
});

test('in panic all endpoints are used', (t) => {
  const { spread } = start({ groups: [dead], policy: { algorithm: 'random' } });
  t.is(Object.keys(spread()).length, 3);
});

test('with panic off and nothing healthy it picks nothing', (t) => {
  const { pickKey } = start({ groups: [dead], policy: { panicThreshold: 0 } });
  t.is(pickKey(), undefined);
});

test('what a request has tried it does not try again while another is left in the tier', (t) => {
  const { pickKey } = start({ groups: [three, summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  const tried = new Set(['endpoint/a', 'endpoint/b']);
  for (let i = 0; i < 50; i++) t.is(pickKey({ tried, firstTier: 'zone' }), 'endpoint/c');
});

test('a request that may leave its tier goes on to the next, one that may not ends', (t) => {
  const { pickKey } = start({
    groups: [three, zone('eu-b', { d: 'healthy' }), summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  const tried = new Set(['endpoint/a', 'endpoint/b', 'endpoint/c']);
  t.is(pickKey({ tried, firstTier: 'zone' }), 'endpoint/d');
  t.is(pickKey({ tried: new Set([...tried, 'endpoint/d']), firstTier: 'zone' }), 'cluster/dc2');
  t.is(pickKey({ tried, firstTier: 'zone', mayLeaveTier: false }), undefined);
});

test('a retry skips clusters that cannot be reached', (t) => {
  const { pickKey } = start({
    groups: [three, summary(dc2, 3, 3), summary(dc3, 3, 3)],
    remotes: [remote(dc2, { link: 'down' }), remote(dc3, { rttMs: 90 })],
  });
  t.is(
    pickKey({ tried: new Set(['endpoint/a', 'endpoint/b', 'endpoint/c']), firstTier: 'zone' }),
    'cluster/dc3',
  );
});

test('the last resort is what is unwell but untried; then there is nothing', (t) => {
  const { pickKey } = start({ groups: [zone('eu-a', { a: 'healthy', b: 'unhealthy' })] });
  t.is(pickKey({ tried: new Set(['endpoint/a']), firstTier: 'zone' }), 'endpoint/b');
  t.is(pickKey({ tried: new Set(['endpoint/a', 'endpoint/b']), firstTier: 'zone' }), undefined);
});

test('a live cluster may be tried again when nothing else is left: its own gateway chooses anew', (t) => {
  const up = start({ groups: [summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  const tried = new Set(['cluster/dc2']);
  t.is(up.pickKey({ tried, firstTier: 'cluster' }), 'cluster/dc2');
  t.is(up.pickKey({ tried, firstTier: 'cluster', mayLeaveTier: false }), 'cluster/dc2');
  const down = start({ groups: [summary(dc2, 3, 3)], remotes: [remote(dc2, { link: 'down' })] });
  t.is(down.pickKey(), 'cluster/dc2');
  t.is(down.pickKey({ tried, firstTier: 'cluster' }), undefined);
});

test('a request from another gateway is answered here or not at all', (t) => {
  const { spread } = start({
    groups: [
      zone('eu-a', { a: 'healthy', b: 'unhealthy' }),
      zone('eu-b', { c: 'healthy' }),
      summary(dc2, 3, 3),
    ],
    remotes: [remote(dc2)],
  });
  const counts = spread({ localOnly: true });
  t.is((counts['endpoint/a'] ?? 0) + (counts['endpoint/c'] ?? 0), 100);
  const alone = start({ groups: [summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  t.is(alone.pickKey({ localOnly: true }), undefined);
});

test('a request from another gateway meets the last healthy endpoint, also where own requests have left', (t) => {
  const { spread } = start({
    groups: [zone('eu-a', { a: 'unhealthy', b: 'unhealthy', c: 'healthy' }), summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  t.deepEqual(spread({ localOnly: true }), { 'endpoint/c': 100 });
});

test('a request from another gateway to a cluster without a healthy endpoint tries the unwell ones', (t) => {
  const { spread } = start({ groups: [dead, summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  t.is(Object.keys(spread({ localOnly: true })).length, 3);
});

test('three failures in a row eject an endpoint; when its time is over it is back, without any traffic', (t) => {
  const { balancer, clock, decisions, spread, fail, loads } = start({
    groups: [three, summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  fail('endpoint/a', 3, 'unsent');
  t.is(spread()['endpoint/a'], undefined);
  t.deepEqual(loads(), [93, 7]);
  t.deepEqual([...balancer.state().ejected], ['endpoint/a']);
  const before = decisions.length;
  clock.advance(5001);
  t.true(decisions.length > before);
  t.deepEqual(balancer.state().ejected.size, 0);
  clock.advance(3000);
  t.deepEqual(loads(), [100, 0]);
  t.true((spread()['endpoint/a'] ?? 0) > 0);
});

test('no more than half of a cluster is ejected at once', (t) => {
  const { balancer, fail } = start({ groups: [three] });
  fail('endpoint/a', 3);
  fail('endpoint/b', 5);
  t.deepEqual([...balancer.state().ejected], ['endpoint/a']);
});

test('the only endpoint, ejected, is still used rather than nothing', (t) => {
  const { fail, pickKey } = start({ groups: [zone('eu-a', { a: 'healthy' })] });
  fail('endpoint/a', 3);
  t.is(pickKey(), 'endpoint/a');
});

test('a cluster that fails is ejected as a whole, and the next one takes its load at once', (t) => {
  const { fail, loads, clock } = start({
    groups: [summary(dc2, 3, 3), summary(dc3, 3, 3)],
    remotes: [remote(dc2, { rttMs: 10 }), remote(dc3, { rttMs: 20 })],
  });
  t.deepEqual(loads(), [100, 0]);
  fail('cluster/dc2', 3);
  t.deepEqual(loads(), [0, 100]);
  clock.advance(5001 + 2000 + 5000);
  t.deepEqual(loads(), [50, 50]);
  clock.advance(5500);
  t.deepEqual(loads(), [100, 0]);
});

test('when the zone recovers, load comes back by hold and ramp; picks follow', (t) => {
  const { clock, update, loads, spread } = start({
    groups: [dead, summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  t.deepEqual(loads(), [0, 100]);
  update([three, summary(dc2, 3, 3)]);
  t.deepEqual(spread(), { 'cluster/dc2': 100 });
  clock.advance(2000 + 5000);
  t.deepEqual(loads(), [50, 50]);
  const counts = spread();
  t.true(Math.abs((counts['cluster/dc2'] ?? 0) - 50) < 20);
  clock.advance(5500);
  t.deepEqual(loads(), [100, 0]);
  t.is(clock.pending, 0);
});

test('when the other cluster is lost during the ramp, the zone takes all at once', (t) => {
  const { clock, update, loads } = start({
    groups: [dead, summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  update([three, summary(dc2, 3, 3)]);
  clock.advance(4000);
  update([three, summary(dc2, 3, 3)], [remote(dc2, { link: 'down' })]);
  t.deepEqual(loads(), [100, 0]);
});

test('requests in flight and latencies survive a change of view', (t) => {
  const { balancer, update, spread } = start({
    groups: [zone('eu-a', { a: 'healthy', b: 'healthy' })],
  });
  const slow = balancer.pick(request({ tried: new Set(['endpoint/b']) }));
  const quick = balancer.pick(request({ tried: new Set(['endpoint/a']) }));
  if (!slow || !quick) return t.fail();
  balancer.started(slow);
  balancer.finished(slow, 'ok', 500);
  balancer.started(quick);
  balancer.finished(quick, 'ok', 5);
  update([zone('eu-a', { a: 'healthy', b: 'healthy' })]);
  t.deepEqual(spread(), { 'endpoint/b': 100 });
});

test('a quick failure does not make an endpoint look quick', (t) => {
  const { balancer, spread } = start({ groups: [zone('eu-a', { a: 'healthy', b: 'healthy' })] });
  for (const [other, result, ms] of [
    ['endpoint/b', 'ok', 20],
    ['endpoint/a', 'ok', 5],
    ['endpoint/b', 'failed', 0.1],
    ['endpoint/b', 'unsent', 0.1],
  ] as const) {
    const target = balancer.pick(request({ tried: new Set([other]) }));
    if (!target) return t.fail();
    balancer.started(target);
    balancer.finished(target, result, ms);
  }
  t.deepEqual(spread(), { 'endpoint/b': 100 });
});

test('an endpoint that left with a request in flight and came back is not owed a request', (t) => {
  const { balancer, update, pickKey } = start({ groups: [zone('eu-a', { a: 'healthy' })] });
  const target = balancer.pick(request());
  if (!target) return t.fail();
  balancer.started(target);
  update([]);
  balancer.finished(target, 'ok', 5);
  balancer.finished(target, 'ok', 5);
  update([zone('eu-a', { a: 'healthy' })]);
  t.is(pickKey(), 'endpoint/a');
});

test('with consistent hashing one client stays with one endpoint, and its retry goes elsewhere', (t) => {
  for (const algorithm of ['ring-hash', 'maglev'] as const) {
    const { spread, pickKey } = start({
      groups: [
        zone('eu-a', { a: 'healthy', b: 'unhealthy' }),
        zone('eu-b', { c: 'healthy' }),
        summary(dc2, 3, 3),
      ],
      remotes: [remote(dc2)],
      policy: { algorithm },
    });
    for (let hash = 0; hash < 50; hash++) t.is(Object.keys(spread({ hash })).length, 1);
    const first = pickKey({ hash: 7 }) ?? '';
    t.not(pickKey({ hash: 7, tried: new Set([first]) }), first);
  }
});

test('turns go on across changes of view that leave the endpoints as they are', (t) => {
  const { pickKey, update } = start({ groups: [three], policy: { algorithm: 'round-robin' } });
  const turns: (string | undefined)[] = [];
  for (let i = 0; i < 6; i++) {
    turns.push(pickKey());
    update([three]);
  }
  t.is(new Set(turns.slice(0, 3)).size, 3);
  t.deepEqual(turns.slice(3), turns.slice(0, 3));
});

test('an endpoint that left and came back starts unmeasured, and is measured again', (t) => {
  const both = zone('eu-a', { a: 'healthy', b: 'healthy' });
  const { balancer, update, pickKey, spread } = start({ groups: [both] });
  pickKey();
  update([zone('eu-a', { b: 'healthy' })]);
  pickKey();
  update([both]);
  for (const [other, ms] of [
    ['endpoint/a', 5],
    ['endpoint/b', 50],
  ] as const) {
    const target = balancer.pick(request({ tried: new Set([other]) }));
    if (!target) return t.fail();
    balancer.started(target);
    balancer.finished(target, 'ok', ms);
  }
  t.deepEqual(spread(), { 'endpoint/b': 100 });
});

test('the retry budget is the policy of the moment', (t) => {
  const { balancer } = start({
    groups: [three],
    policy: { retry: { maxTries: 2, budgetPercent: 50, minPerSecond: 0 } },
  });
  t.false(balancer.takeRetry());
  balancer.countRequest();
  balancer.countRequest();
  t.true(balancer.takeRetry());
  t.false(balancer.takeRetry());
});

test('closed, it leaves no timer behind', (t) => {
  const { balancer, clock, fail } = start({ groups: [three] });
  fail('endpoint/a', 3);
  t.is(clock.pending, 1);
  balancer.close();
  t.is(clock.pending, 0);
});
