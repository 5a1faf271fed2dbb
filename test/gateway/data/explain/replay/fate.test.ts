/** Specifies how what becomes of requests by other policies is compared and added up. */
import test from 'ava';
import {
  type End,
  type Fate,
  movesBetween,
} from '../../../../../gateway/data/explain/replay/fate.ts';
import { LimitReplay } from '../../../../../gateway/data/explain/replay/limit-replay.ts';
import { Tally } from '../../../../../gateway/data/explain/replay/tally.ts';

const goes = (says: string, cluster = 'dc1'): End => ({ kind: 'goes', says, cluster });
const refused: End = { kind: 'refused', says: 'rule 1', policy: 'Authorization/shop/deny' };
const all = (end: End): Fate => [{ end, share: 1 }];
const split = (...parts: [End, number][]): Fate => parts.map(([end, share]) => ({ end, share }));

const cases: readonly [string, Fate, Fate, [string, string, number][]][] = [
  ['nothing', all(goes('a')), all(goes('a')), []],
  ['all of it', all(goes('a')), all(refused), [['a', 'rule 1', 1]]],
  ['a tenth', all(goes('a')), split([goes('a'), 0.9], [goes('b'), 0.1]), [['a', 'b', 0.1]]],
  [
    'a part of each',
    split([goes('a'), 0.5], [goes('b'), 0.5]),
    split([goes('c'), 0.6], [goes('d'), 0.4]),
    [
      ['a', 'c', 0.3],
      ['a', 'd', 0.2],
      ['b', 'c', 0.3],
      ['b', 'd', 0.2],
    ],
  ],
  [
    'the parts of one end, which count together',
    split([goes('a'), 0.5], [goes('a'), 0.5]),
    all(goes('a')),
    [],
  ],
  [
    'nothing where it goes where it went, by another policy',
    all({ ...goes('a'), policy: 'Route/shop/x' }),
    all({ ...goes('a'), policy: 'Route/shop/y' }),
    [],
  ],
];

for (const [what, before, after, expected] of cases) {
  test(`what moves is ${what}`, (t) => {
    const moves = movesBetween(before, after).map(({ from, to, share }) => [
      ...[from.says, to.says, Math.round(share * 1e6) / 1e6],
    ]);
    t.deepEqual(moves, expected);
  });
}

test('two fates that are not known are the same only where the same policies decide', (t) => {
  const policy = {} as NonNullable<End['by']>[number];
  const unknown = (...by: NonNullable<End['by']>): Fate =>
    all({ kind: 'unknown', says: 'a token', by });
  t.deepEqual(movesBetween(unknown(policy), unknown(policy)), []);
  t.is(movesBetween(unknown(policy), unknown(policy, { ...policy })).length, 1);
});

test('requests are counted as what they stand for, and each cluster by what it would be asked', (t) => {
  const tally = new Tally();
  tally.add(
    10,
    all(goes('a in dc1')),
    split([goes('a in dc1'), 0.5], [goes('a in dc2', 'dc2'), 0.5]),
  );
  tally.add(1, all(goes('a in dc1')), all(refused));
  tally.add(1, all(refused), all(goes('a in dc1')));
  t.is(tally.sampled, 3);
  t.is(tally.requests, 12);
  t.deepEqual(
    tally.changes.map(({ kind, sampled, requests }) => [kind, sampled, requests]),
    [
      ['elsewhere', 0.5, 5],
      ['refused', 1, 1],
      ['served', 1, 1],
    ],
  );
  t.deepEqual(Object.fromEntries(tally.clusters), {
    dc1: { before: 11, after: 6 },
    dc2: { before: 0, after: 5 },
  });
});

test('a limit lets its burst through, and then what comes back', (t) => {
  const limits = new LimitReplay();
  const limit = { requests: 10, perMs: 1_000, burst: 2 };
  const at = (ms: number, weight = 1) => limits.refused(1n, limit, ms, weight);
  t.deepEqual([at(0), at(0), at(0), at(100), at(100), at(10_000)], [0, 0, 1, 0, 1, 0]);
  t.is(limits.refused(2n, limit, 10_000, 1), 0, 'the bucket of another');
});

test('a request that stands for many takes as many tokens, and did not come at once', (t) => {
  const limits = new LimitReplay();
  const limit = { requests: 50, perMs: 1_000, burst: 1 };
  const shares = [0, 1_000, 2_000, 3_000].map((ms) => limits.refused(1n, limit, ms, 100));
  t.deepEqual(shares, [0, 0.5, 0.5, 0.5]);
});
