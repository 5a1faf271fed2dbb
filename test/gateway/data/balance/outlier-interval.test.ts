/** Specifies which endpoints are ejected for what they did over an interval, compared with their siblings. */

import test from 'ava';
import { foundOver } from '../../../../gateway/data/balance/outlier-interval.ts';
import { defaultOutlier, type OutlierPolicy } from '../../../../policy/traffic/outlier.ts';
import { start } from './balancer-scene.ts';
import { request, zone } from './scenes.ts';

const always = (percent: number) => percent > 0;
const percentage = { enforcingSuccessRate: 0, enforcingFailurePercentage: 100 };

/** Endpoints by `failures/tries`. */
function found(all: readonly string[], own: Partial<OutlierPolicy> = {}, chance = always) {
  const endpoints = all.map((text) => {
    const [failures = 0, tries = 0] = text.split('/').map(Number);
    return { text, failures, tries };
  });
  const policy = { ...defaultOutlier, ...own };
  return foundOver(endpoints, policy, chance).map(({ one, cause }) => `${one.text} ${cause}`);
}

// Success rates of 100, 100, 100, 100 and x have a mean of 80 + x/5, and a standard deviation of (100 - x) 2/5.
for (const [why, all, own, expected] of [
  [
    'mean - 1.9 deviations: one of five that fails is 2 under the mean',
    ['0/100', '0/100', '0/100', '0/100', '10/100'],
    {},
    ['10/100 successRate'],
  ],
  [
    'at 2.1 deviations it is not far enough',
    ['0/100', '0/100', '0/100', '0/100', '100/100'],
    { successRateStdevFactor: 2100 },
    [],
  ],
  [
    'two of six that fail alike are each only 1.4 under it',
    ['0/100', '0/100', '0/100', '0/100', '50/100', '50/100'],
    {},
    [],
  ],
  ['all alike: none is an outlier', ['9/100', '9/100', '9/100', '9/100', '9/100'], {}, []],
  ['four are too few to compare', ['0/100', '0/100', '0/100', '100/100'], {}, []],
  [
    'one that was asked 99 times is none of the five',
    ['0/99', '0/100', '0/100', '0/100', '50/100'],
    {},
    [],
  ],
  [
    'with three hosts and ten requests asked for',
    ['0/10', '0/10', '5/10'],
    { successRateMinimumHosts: 3, successRateRequestVolume: 10, successRateStdevFactor: 1400 },
    ['5/10 successRate'],
  ],
  ['the failure percentage is not enforced', ['50/50', '50/50', '50/50', '50/50', '50/50'], {}, []],
  [
    'enforced, 85 % of 50 requests eject, however the others do',
    ['42/50', '43/50', '50/50', '44/50', '0/50'],
    percentage,
    ['50/50 failurePercentage', '44/50 failurePercentage', '43/50 failurePercentage'],
  ],
  ['49 requests are too few', ['0/50', '0/50', '0/50', '0/50', '49/49'], percentage, []],
  [
    'a threshold, hosts and volume of its own',
    ['1/10', '0/10'],
    {
      ...percentage,
      failurePercentageThreshold: 10,
      failurePercentageMinimumHosts: 2,
      failurePercentageRequestVolume: 10,
    },
    ['1/10 failurePercentage'],
  ],
  [
    'both find it: it is ejected once',
    ['0/100', '0/100', '0/100', '0/100', '90/100'],
    { enforcingFailurePercentage: 100 },
    ['90/100 successRate'],
  ],
] as const) {
  test(`${why}: ${all.join(' ')}`, (t) => {
    t.deepEqual(found(all, own), expected);
  });
}

test('what is enforced at 40 % comes true in that many cases', (t) => {
  const asked: number[] = [];
  const all = ['0/100', '0/100', '0/100', '0/100', '90/100'];
  const never = (percent: number) => asked.push(percent) < 0;
  t.deepEqual(found(all, { enforcingSuccessRate: 40 }, never), []);
  t.deepEqual(asked, [40]);
});

const five = zone('eu-a', {
  a: 'healthy',
  b: 'healthy',
  c: 'healthy',
  d: 'healthy',
  e: 'healthy',
});

/** A balancer after each of five endpoints was asked 100 times, of which the first failed every other time. */
function afterAnInterval(own: Partial<OutlierPolicy> = {}) {
  const policy = { algorithm: 'round-robin' as const, outlier: { ...defaultOutlier, ...own } };
  const scene = start({ groups: [five], policy });
  const { balancer, clock } = scene;
  let asked = 0;
  const ask = () => {
    const target = balancer.pick(request());
    if (!target) throw new Error('nothing was picked');
    balancer.started(target);
    const fails = target.key === 'endpoint/a' && asked++ % 2 === 0;
    balancer.finished(target, fails ? 'server-error' : 'ok', 5);
  };
  ask();
  for (let i = 0; i < 520; i++) ask();
  return { ...scene, ejected: () => [...balancer.state().ejected], ask, clock };
}

test('the copy that fails half of its requests is ejected when the interval is over, and not before', (t) => {
  const { ejected, ask, clock } = afterAnInterval();
  clock.advance(9_999);
  ask();
  t.deepEqual(ejected(), []);
  clock.advance(1);
  ask();
  t.deepEqual(ejected(), [['endpoint/a', 'successRate']]);
  clock.advance(30_000);
  t.deepEqual(ejected(), []);
});

test('each interval counts anew: what was slow to come is not added up', (t) => {
  const { ejected, ask, clock } = afterAnInterval({ successRateRequestVolume: 150 });
  clock.advance(10_000);
  for (let i = 0; i < 500; i++) ask();
  clock.advance(10_000);
  ask();
  t.deepEqual(ejected(), []);
});

test('enforced at 0 it never is', (t) => {
  const { ejected, ask, clock } = afterAnInterval({ enforcingSuccessRate: 0 });
  clock.advance(10_000);
  ask();
  t.deepEqual(ejected(), []);
});

test('no comparison costs a timer: a service at rest sleeps', (t) => {
  t.is(afterAnInterval().clock.pending, 0);
});
