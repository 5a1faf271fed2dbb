/** Specifies how an endpoint that has just come gets its share. */

import test from 'ava';
import { startedPart } from '../../../../gateway/data/balance/slow-start.ts';
import type { BalancePolicy } from '../../../../policy/traffic-policy.ts';
import type { Health } from '../../../../registry/model.ts';
import { start } from './balancer-scene.ts';
import { zone } from './scenes.ts';

// Envoy's formula, max(10 %, (t / window)^(1 / aggression)), by hand.
for (const [elapsedMs, aggression, minWeightPercent, part] of [
  [0, 1, 10, 0.1],
  [500, 1, 10, 0.1],
  [2500, 1, 10, 0.25],
  [5000, 1, 10, 0.5],
  [9999, 1, 10, 0.9999],
  [10_000, 1, 10, 1],
  [2500, 2, 10, 0.5],
  [5000, 0.5, 10, 0.25],
  [2500, 1, 50, 0.5],
  [0, 1, 0, 0.001],
  [0, 1, 100, 1],
] as const) {
  test(`${elapsedMs} ms into a window of 10 s, at aggression ${aggression} and ${minWeightPercent} % at least, it is at ${part}`, (t) => {
    t.is(startedPart(elapsedMs, { windowMs: 10_000, aggression, minWeightPercent }), part);
  });
}

const slowStart = { windowMs: 10_000, aggression: 1, minWeightPercent: 10 };
const copies = (healths: Record<string, Health>) => [zone('eu-a', healths)];

/** Two endpoints; then a third one, which is `third` at first. */
function scene(policy: Partial<BalancePolicy>, third: Health = 'healthy') {
  const one = start({
    groups: copies({ a: 'healthy', b: 'healthy' }),
    policy: { algorithm: 'round-robin', slowStart, ...policy },
  });
  const set = (health: Health) => one.update(copies({ a: 'healthy', b: 'healthy', c: health }));
  set(third);
  return { ...one, set, share: () => one.spread()['endpoint/c'] ?? 0 };
}

for (const algorithm of ['round-robin', 'least-request'] as const) {
  test(`${algorithm}: a new endpoint begins with a tenth of its weight, and has all of it at the end`, (t) => {
    const { share, clock } = scene({ algorithm });
    const near = (expected: number) => t.true(Math.abs(share() - expected) <= 2, `${share()}`);
    near(100 * (0.1 / 2.1));
    clock.advance(5000);
    near(100 * (0.5 / 2.5));
    clock.advance(5001);
    near(100 / 3);
    t.is(clock.pending, 0, 'nothing is left to wait for');
  });
}

for (const algorithm of ['peak-ewma', 'random'] as const) {
  test(`${algorithm}, too, gives a new endpoint little at first`, (t) => {
    const { share, clock } = scene({ algorithm });
    t.true(share() <= 15, `${share()}`);
    clock.advance(10_001);
    t.true(share() >= 20, `${share()}`);
  });
}

test('one that was not healthy begins when it is', (t) => {
  const { share, clock, set } = scene({}, 'unknown');
  clock.advance(20_000);
  t.is(share(), 0);
  set('healthy');
  t.true(share() <= 6);
  set('unhealthy');
  clock.advance(20_000);
  set('healthy');
  t.true(share() <= 6, 'and each time anew');
});

test('what is there when the service comes into use has all of its weight', (t) => {
  const { balancer } = start({ groups: copies({ a: 'healthy' }), policy: { slowStart } });
  t.is(balancer.state().starting.size, 0);
});

test('where hashes decide nothing starts slowly: keys would move twice', (t) => {
  t.is(scene({ algorithm: 'maglev' }).balancer.state().starting.size, 0);
});

test('without a window nothing starts slowly', (t) => {
  const { balancer } = scene({ slowStart: { ...slowStart, windowMs: 0 } });
  t.is(balancer.state().starting.size, 0);
});
