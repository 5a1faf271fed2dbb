/** Specifies how one of several endpoints is chosen, algorithm by algorithm. */

import test from 'ava';
import type { Candidate, EndpointAlgorithm } from '../../../../gateway/data/balance/candidate.ts';
import { createAlgorithm } from '../../../../gateway/data/balance/endpoint-algorithm.ts';
import { hash32 } from '../../../../gateway/data/balance/hash.ts';
import { weightOverQueue } from '../../../../gateway/data/balance/least-request.ts';
import { ringSize } from '../../../../gateway/data/balance/ring-hash.ts';
import { createRoundRobin } from '../../../../gateway/data/balance/round-robin.ts';
import {
  type Algorithm,
  algorithms,
  defaultSettings,
} from '../../../../policy/traffic/algorithms.ts';
import { candidates, loopOver, none, seeded, sharesOver } from './scenes.ts';

const near = (
  t: import('ava').ExecutionContext,
  shares: readonly number[],
  expected: readonly number[],
  off: number,
) => {
  for (const [i, share] of shares.entries()) {
    t.true(
      Math.abs(share - (expected[i] ?? 0)) <= off,
      `${shares} is not within ${off} of ${expected}`,
    );
  }
};

for (const name of algorithms) {
  const consistent = name === 'ring-hash' || name === 'maglev';

  test(`${name}: equal weights get equal shares`, (t) => {
    const among = candidates({ a: 1, b: 1, c: 1, d: 1 });
    const shares = sharesOver(createAlgorithm(name, among, seeded(1)), among, 20_000);
    near(t, shares, [0.25, 0.25, 0.25, 0.25], name === 'ring-hash' ? 0.06 : 0.02);
  });

  test(`${name}: shares follow weights`, (t) => {
    const among = candidates({ a: 1, b: 2, c: 3, d: 4 });
    const shares = sharesOver(createAlgorithm(name, among, seeded(2)), among, 20_000);
    near(t, shares, [0.1, 0.2, 0.3, 0.4], name === 'ring-hash' ? 0.06 : 0.02);
  });

  test(`${name}: what was tried is not picked, and when all were, nothing is`, (t) => {
    const among = candidates({ a: 1, b: 5, c: 2 });
    const algorithm = createAlgorithm(name, among, seeded(3));
    for (let i = 0; i < 200; i++) t.is(algorithm.pick(0, new Set(['a', 'b']), i), 2);
    for (let i = 0; i < 200; i++) t.not(algorithm.pick(0, new Set(['b']), i), 1);
    t.is(algorithm.pick(0, new Set(['a', 'b', 'c']), 1), -1);
  });

  test(`${name}: of one there is one, of none there is none`, (t) => {
    const one = createAlgorithm(name, candidates({ a: 1 }), seeded(4));
    t.is(one.pick(0, none, undefined), 0);
    t.is(one.pick(0, new Set(['a']), undefined), -1);
    t.is(createAlgorithm(name, [], seeded(4)).pick(0, none, undefined), -1);
  });

  if (!consistent) continue;

  test(`${name}: the same hash meets the same endpoint, in any order of endpoints`, (t) => {
    const names = Array.from({ length: 20 }, (_, i) => `e${i}`);
    const forward = weighing(names);
    const backward = weighing(names.toReversed());
    for (let hash = 0; hash < 500; hash++) {
      t.is(ownerOf(name, forward, hash), ownerOf(name, backward, hash));
    }
  });

  test(`${name}: when one of ten goes, its own tenth moves, and within 2 % nothing else`, (t) => {
    const all = weighing(Array.from({ length: 10 }, (_, i) => `e${i}`));
    const rest = all.filter(({ key }) => key !== 'e3');
    const before = createAlgorithm(name, all, seeded(5));
    const after = createAlgorithm(name, rest, seeded(5));
    let own = 0;
    let others = 0;
    for (let key = 0; key < 10_000; key++) {
      const hash = hash32(`user-${key}`);
      const was = all[before.pick(0, none, hash)]?.key;
      if (was === 'e3') own++;
      else if (was !== rest[after.pick(0, none, hash)]?.key) others++;
    }
    t.true(Math.abs(own - 1000) <= 200, `${own} of 10000 were its own`);
    t.true(others <= (name === 'ring-hash' ? 0 : 200), `${others} of 10000 moved besides`);
  });
}

const built = new Map<readonly Candidate[], EndpointAlgorithm>();
function ownerOf(name: Algorithm, among: readonly Candidate[], hash: number) {
  const algorithm = built.get(among) ?? createAlgorithm(name, among, seeded(6));
  built.set(among, algorithm);
  return among[algorithm.pick(0, none, hash)]?.key;
}

function weighing(names: readonly string[]): Candidate[] {
  return candidates(Object.fromEntries(names.map((key) => [key, 1])));
}

test('round robin is smooth: 5, 1, 1 never gives a long run where it can be avoided', (t) => {
  const among = candidates({ a: 5, b: 1, c: 1 });
  const algorithm = createRoundRobin(among, () => 0);
  const turns = Array.from({ length: 7 }, () => among[algorithm.pick(0, none, undefined)]?.key);
  t.is(turns.join(''), 'aabacaa');
});

test('round robin of gateways that start together does not march in step', (t) => {
  const first = (seed: number) =>
    createRoundRobin(candidates({ a: 1, b: 1, c: 1 }), seeded(seed)).pick(0, none, 0);
  t.is(new Set(Array.from({ length: 20 }, (_, seed) => first(seed))).size, 3);
});

test('least request: of equal weights the shorter queue of two wins', (t) => {
  const among = candidates({ a: 1, b: 1 });
  const algorithm = createAlgorithm('least-request', among, seeded(7));
  const [a] = among;
  if (!a) return t.fail();
  a.meter.pending = 1;
  for (let i = 0; i < 20; i++) t.is(algorithm.pick(0, none, undefined), 1);
});

// Envoy's own example: a weight of 2 with 4 requests in flight counts as 2 / (4 + 1)^1 = 0.4.
for (const [weight, pending, bias, counts] of [
  [2, 4, 1, 0.4],
  [2, 0, 1, 2],
  [3, 2, 2, 3 / 9],
  [3, 3, 0.5, 1.5],
  [5, 100, 0, 5],
] as const) {
  test(`least request: a weight of ${weight} with ${pending} in flight counts as ${counts} at a bias of ${bias}`, (t) => {
    const [one] = candidates({ a: weight });
    if (!one) return t.fail();
    one.meter.pending = pending;
    t.is(weightOverQueue(one, bias), counts);
  });
}

test('least request: turns of unequal weights go by weight over queue as it is', (t) => {
  const among = candidates({ a: 1, b: 4 });
  const [a, b] = among;
  if (!a || !b) return t.fail();
  const algorithm = createAlgorithm('least-request', among, seeded(7));
  near(t, sharesOver(algorithm, among, 1000), [0.2, 0.8], 0.01);
  b.meter.pending = 3;
  near(t, sharesOver(algorithm, among, 1000), [0.5, 0.5], 0.01);
  a.meter.pending = 1;
  near(t, sharesOver(algorithm, among, 1000), [1 / 3, 2 / 3], 0.01);
  const blind = { ...defaultSettings, leastRequest: { activeRequestBias: 0 } };
  const plain = createAlgorithm('least-request', among, seeded(7), blind);
  near(t, sharesOver(plain, among, 1000), [0.2, 0.8], 0.01);
});

// min(max, ceil(least share x min) / least share), by hand.
for (const [weights, minimumRingSize, maximumRingSize, size] of [
  [[1, 1, 1], 1024, 8_388_608, 1026],
  [[1, 1], 1024, 8_388_608, 1024],
  [[1, 3], 10, 8_388_608, 12],
  [[1, 1, 1, 1], 1024, 100, 100],
  [[1, 1], 0, 131_072, 1024],
  [Array<number>(10).fill(1), 0, 131_072, 1600],
] as const) {
  test(`ring-hash: ${weights.length} endpoints of ${weights.join(' : ')} have ${size} points for ${minimumRingSize} to ${maximumRingSize}`, (t) => {
    t.is(ringSize(weights, { minimumRingSize, maximumRingSize }), size);
  });
}

test('maglev: a table of 11 places is filled in turns', (t) => {
  const among = candidates({ a: 1, b: 1, c: 1 });
  const settings = { ...defaultSettings, maglev: { tableSize: 11 } };
  const table = createAlgorithm('maglev', among, seeded(1), settings);
  const counts = [0, 0, 0];
  for (let hash = 0; hash < 11; hash++) {
    const owner = table.pick(0, none, hash);
    t.is(table.pick(0, none, hash + 11), owner, 'the hash modulo the size');
    counts[owner] = (counts[owner] ?? 0) + 1;
  }
  t.deepEqual(counts.sort(), [3, 4, 4]);
});

test('what hashes goes by where endpoints are, whatever they are called', (t) => {
  for (const name of ['ring-hash', 'maglev'] as const) {
    const named = (prefix: string) =>
      ['one', 'two', 'three'].map((place) => ({
        ...(candidates({ [place]: 1 })[0] as Candidate),
        key: `${prefix}-${place}`,
      }));
    const here = createAlgorithm(name, named('here'), seeded(1));
    const there = createAlgorithm(name, named('there'), seeded(2));
    for (let i = 0; i < 100; i++) {
      const hash = hash32(`user-${i}`);
      t.is(here.pick(0, none, hash), there.pick(0, none, hash));
    }
  }
});

/** The same for all, but no two answers take as long: log-normal, one in twenty over five times the median. */
function jittery(seed: number): () => number {
  const random = seeded(seed);
  return () => 0.5 * Math.exp(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.283 * random()));
}

for (const weights of [
  [1, 3],
  [1, 10],
  [2, 3],
  [1, 1, 2, 4],
  [1, 100, 100],
]) {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const among = () => candidates(Object.fromEntries(weights.map((weight, i) => [`e${i}`, weight])));
  const exact = ['peak-ewma', 'random', 'round-robin'] as const;
  for (const name of [...exact, 'least-request'] as const) {
    // With requests in flight the lighter ones get more than their weight from least-request.
    for (const concurrency of name === 'least-request' ? [1] : [1, 2, 4, 16, 64]) {
      test(`${name}: ${weights.join(' : ')} is what equals get, ${concurrency} at a time`, (t) => {
        const requests = 2000;
        const targets = among();
        const algorithm = createAlgorithm(name, targets, seeded(9));
        const counts = loopOver(algorithm, targets, concurrency, requests, jittery(10));
        for (const [i, weight] of weights.entries()) {
          const share = weight / sum;
          const off = Math.abs((counts[i] ?? 0) - requests * share);
          const deviation = Math.sqrt(requests * share * (1 - share));
          t.true(off <= 3 * deviation, `${counts} is off by ${off} of ${3 * deviation}`);
        }
      });
    }
  }
}

test('peak-ewma: a target that answers no more is given up, whatever its weight', (t) => {
  const among = candidates({ stuck: 10, well: 1 });
  const [stuck] = among;
  const algorithm = createAlgorithm('peak-ewma', among, seeded(11));
  for (let i = 0; i < 200; i++) {
    const picked = among[algorithm.pick(0, none, undefined)];
    if (picked && picked === stuck) picked.meter.pending++;
  }
  t.true((stuck?.meter.pending ?? 0) <= 30, `${stuck?.meter.pending} of 200`);
});

test('peak-ewma: requests in flight settle in proportion to weights', (t) => {
  const among = candidates({ a: 1, b: 1, c: 2, d: 4 });
  const algorithm = createAlgorithm('peak-ewma', among, seeded(8));
  for (let i = 0; i < 800; i++) {
    const picked = among[algorithm.pick(0, none, undefined)];
    if (picked) picked.meter.pending++;
  }
  near(
    t,
    among.map(({ meter }) => meter.pending / 800),
    [0.125, 0.125, 0.25, 0.5],
    0.04,
  );
});
