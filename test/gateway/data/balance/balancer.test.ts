/** Specifies a service's balancer over time: ejections, ramps, and views that change. */

import test from 'ava';
import type { LinkState } from '../../../../gateway/data/balance/types.ts';
import { defaultBalance } from '../../../../policy/traffic-policy.ts';
import { dead, start, three } from './balancer-scene.ts';
import { dc2, dc3, remote, request, summary, zone } from './scenes.ts';

test('three failures in a row eject an endpoint; when its time is over it is back, without any traffic', (t) => {
  const { balancer, clock, decisions, spread, fail, loads } = start({
    groups: [three, summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  fail('endpoint/a', 3, 'unsent');
  t.is(spread()['endpoint/a'], undefined);
  t.deepEqual(loads(), [93, 7]);
  t.deepEqual([...balancer.state().ejected.keys()], ['endpoint/a']);
  const before = decisions.length;
  clock.advance(30_001);
  t.true(decisions.length > before);
  t.deepEqual(balancer.state().ejected.size, 0);
  clock.advance(3000);
  t.deepEqual(loads(), [100, 0]);
  t.true((spread()['endpoint/a'] ?? 0) > 0);
});

test('an endpoint whose check failed and passes again is out no longer, however long it was ejected for', (t) => {
  const { balancer, update, spread, fail } = start({ groups: [three] });
  const check = (health: 'healthy' | 'unhealthy') =>
    update([zone('eu-a', { a: health, b: 'healthy', c: 'healthy' })]);
  fail('endpoint/a', 3);
  check('healthy');
  t.deepEqual([...balancer.state().ejected.keys()], ['endpoint/a'], 'nothing has changed');
  check('unhealthy');
  t.deepEqual([...balancer.state().ejected.keys()], ['endpoint/a']);
  check('healthy');
  t.is(balancer.state().ejected.size, 0);
  t.true((spread()['endpoint/a'] ?? 0) > 0);
  fail('endpoint/a', 1);
  t.deepEqual([...balancer.state().ejected.keys()], ['endpoint/a'], 'it was on probation');
});

test('no more than half of a cluster is ejected at once', (t) => {
  const { balancer, fail } = start({ groups: [three] });
  fail('endpoint/a', 3);
  fail('endpoint/b', 5);
  t.deepEqual([...balancer.state().ejected.keys()], ['endpoint/a']);
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
  clock.advance(5_001 + 2000 + 5000);
  t.deepEqual(loads(), [50, 50]);
  clock.advance(5500);
  t.deepEqual(loads(), [100, 0]);
});

test('a cluster that was ejected is asked again, on trial, once a link to it is up anew, or it has healthy copies again', (t) => {
  const groups = [summary(dc2, 3, 3), summary(dc3, 3, 3)];
  const link = (state: LinkState) => [remote(dc2, { rttMs: 10, link: state }), remote(dc3)];
  const { balancer, fail, update } = start({ groups, remotes: link('up') });
  const ejected = () => [...balancer.state().ejected.keys()];
  fail('cluster/dc2', 3);
  update(groups, link('suspect'));
  update(groups, link('up'));
  t.deepEqual(ejected(), ['cluster/dc2'], 'it was never known to be gone');
  update(groups, link('down'));
  update(groups, link('up'));
  t.deepEqual(ejected(), []);
  fail('cluster/dc2', 1);
  t.deepEqual(ejected(), ['cluster/dc2'], 'it was on trial');
  update([summary(dc2, 0, 3), summary(dc3, 3, 3)], link('up'));
  t.deepEqual(ejected(), ['cluster/dc2']);
  update(groups, link('up'));
  t.deepEqual(ejected(), []);
});

test('the last endpoint that can take requests is ejected only where another cluster takes over', (t) => {
  const lastOfThree = zone('eu-a', { a: 'unhealthy', b: 'unhealthy', c: 'healthy' });
  const alone = start({ groups: [lastOfThree], policy: { panicThreshold: 0 } });
  alone.fail('endpoint/c', 5);
  t.is(alone.pickKey(), 'endpoint/c');
  t.is(alone.balancer.state().ejected.size, 0);
  const helped = start({
    groups: [lastOfThree, summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
    policy: { panicThreshold: 0 },
  });
  helped.fail('cluster/dc2', 3);
  helped.fail('endpoint/c', 3);
  t.is(helped.pickKey(), 'endpoint/c', 'the other one is ejected itself');
  helped.clock.advance(5_000);
  helped.fail('endpoint/c', 1);
  t.is(helped.pickKey(), 'cluster/dc2');
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

test('load that suspicion moved away returns at once; load that death moved away by hold and ramp', (t) => {
  const groups = [summary(dc2, 3, 3), summary(dc3, 3, 3)];
  const link = (state: LinkState) => [
    remote(dc2, { rttMs: 1, link: state }),
    remote(dc3, { rttMs: 9 }),
  ];
  const { clock, update, loads } = start({ groups, remotes: link('up') });
  t.deepEqual(loads(), [100, 0]);
  update(groups, link('suspect'));
  t.deepEqual(loads(), [0, 100]);
  clock.advance(500);
  update(groups, link('up'));
  t.deepEqual(loads(), [100, 0]);
  for (const state of ['suspect', 'down', 'up'] as const) {
    update(groups, link(state));
    t.deepEqual(loads(), [0, 100], state);
  }
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
    for (let i = 0; i < 16; i++) {
      balancer.started(target);
      balancer.finished(target, 'ok', ms);
    }
  }
  t.deepEqual(spread(), { 'endpoint/b': 100 });
});

test('the retry budget is that of the policy that is asked with', (t) => {
  const { balancer } = start({ groups: [three] });
  const retry = { ...defaultBalance.retry, budgetPercent: 50, minPerSecond: 0 };
  t.false(balancer.takeRetry(retry, false));
  balancer.countRequest();
  balancer.countRequest();
  t.true(balancer.takeRetry(retry, false));
  t.false(balancer.takeRetry(retry, false));
  t.true(balancer.takeRetry({ ...retry, budgetPercent: 100 }, false));
});

test('a budget by active requests gives back what it gave once the request makes no more tries', (t) => {
  const { balancer } = start({ groups: [three] });
  const retry = { ...defaultBalance.retry, budget: 'active', minConcurrent: 2 } as const;
  t.true(balancer.takeRetry(retry, false));
  t.true(balancer.takeRetry(retry, false));
  t.false(balancer.takeRetry(retry, false));
  t.true(balancer.takeRetry(retry, true), 'one that has taken a retry goes on with it');
  balancer.retried();
  t.true(balancer.takeRetry(retry, false));
});

test('closed, it leaves no timer behind', (t) => {
  const { balancer, clock, fail } = start({ groups: [three] });
  fail('endpoint/a', 3);
  t.is(clock.pending, 1);
  balancer.close();
  t.is(clock.pending, 0);
});

test('an ejected endpoint whose check passes is back on trial; who checks hears of each ejection once', (t) => {
  const ejected: string[] = [];
  const { balancer, pickKey, fail } = start({
    groups: [three],
    onEjected: (_service, id) => ejected.push(id),
  });
  fail('endpoint/a', 3);
  balancer.distribution();
  t.deepEqual(ejected, ['a']);
  t.deepEqual([...balancer.state().ejected.keys()], ['endpoint/a']);
  balancer.checkPassed(['b', 'gone', 'a']);
  t.deepEqual([...balancer.state().ejected.keys()], []);
  t.is(pickKey({ tried: new Set(['endpoint/b', 'endpoint/c']) }), 'endpoint/a');
  fail('endpoint/a', 1);
  t.deepEqual(ejected, ['a', 'a']);
  t.deepEqual([...balancer.state().ejected.keys()], ['endpoint/a']);
});
