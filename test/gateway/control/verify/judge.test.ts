/** Specifies what is well of what was seen of another cluster, and what its rows and pairs come to. */
import test from 'ava';
import type { ClusterName, ServiceName } from '../../../../core/names.ts';
import type { Heard } from '../../../../gateway/control/verify/facts.ts';
import * as judge from '../../../../gateway/control/verify/judge.ts';
import { type Probed, servedOf } from '../../../../gateway/control/verify/link-probe.ts';
import { matrixOf, together } from '../../../../gateway/control/verify/matrix.ts';
import type { Cell, Outcome } from '../../../../gateway/control/verify/row.ts';
import { TransferBudget } from '../../../../gateway/control/verify/transfer.ts';

const here = { count: 2, digest: 'two' };
const heard = (offsetMs: number, errorMs = 1, policies = here): Heard => ({
  facts: { cluster: 'dc2', gateway: 'g1', timeMs: 0, policies },
  ...{ offsetMs, errorMs },
});
const answered: Probed = {
  ...{ kind: 'answered', address: 'a:1', id: 'spiffe://dc2.acme/gateway/g1', gateway: 'g1' },
  rttsMs: [1],
};
const dead: Probed = { kind: 'unreachable', address: 'b:1', why: 'refused' };
const stranger: Probed = { kind: 'refused', address: 'c:1', by: 'us', why: 'unknown root' };

for (const [title, probes, silent, link, outcome] of [
  ['all answer', [answered], [], 'up', 'ok'],
  ['one of two is silent', [answered, dead], [], 'up', 'warning'],
  ['the link is another matter', [answered], [], 'down', 'warning'],
  ['the federation listener is silent', [answered], ['d:1: refused'], 'up', 'warning'],
  ['somebody is there, though not believed', [stranger], [], 'up', 'ok'],
  ['nobody answers', [dead], [], 'down', 'failed'],
  ['there is no address', [], [], 'none', 'failed'],
] as const) {
  test(`the path where ${title} is ${outcome}`, (t) => {
    t.is(judge.path(probes, [], silent, link).outcome, outcome);
  });
}

for (const [title, probes, outcome] of [
  ['each believes the other', [answered], 'ok'],
  ['one of two is a stranger', [answered, stranger], 'warning'],
  ['a stranger answers', [stranger], 'failed'],
  ['they hang up', [{ ...stranger, by: 'them' }], 'failed'],
  ['nobody answers', [dead], 'unknown'],
] as const) {
  test(`the identity where ${title} is ${outcome}`, (t) => {
    t.is(judge.identity(probes).outcome, outcome);
  });
}

for (const [offsets, outcome] of [
  [[0], 'ok'],
  [[-29_000], 'ok'],
  [[30_500], 'ok'],
  [[0, -40_000], 'warning'],
  [[60_500], 'warning'],
  [[-62_000], 'failed'],
  [[], 'unknown'],
] as const) {
  test(`clocks that are ${offsets} ms apart, give or take a second, are ${outcome}`, (t) => {
    const all = offsets.map((ms) => heard(ms, 1_000));
    t.is(judge.clock(all).outcome, outcome);
  });
}

test('policies of the federation are well where every gateway knows the same', (t) => {
  const other = heard(0, 1, { count: 2, digest: 'other' });
  t.is(judge.policy(here, [heard(0), heard(0)]).outcome, 'ok');
  t.is(judge.policy(here, [heard(0), other]).outcome, 'warning');
  t.is(judge.policy(here, []).outcome, 'unknown');
});

const orders = { service: 'orders.shop' as ServiceName, healthy: 2 };
const failed = { kind: 'failed', why: 'NO_HEALTHY_ENDPOINT' } as const;
for (const [title, exported, served, outcome] of [
  ['is not there', undefined, [], 'ok'],
  ['has no healthy copy', { ...orders, healthy: 0 }, [], 'warning'],
  ['is not to be asked', orders, undefined, 'ok'],
  ['nobody answers for', orders, [], 'unknown'],
  ['answers', orders, [{ kind: 'answered', status: 500 }], 'ok'],
  ['is guarded', orders, [{ kind: 'refused', code: 'ACCESS_DENIED' }], 'ok'],
  ['answers through one of two', orders, [failed, { kind: 'answered', status: 200 }], 'warning'],
  ['does not answer', orders, [failed], 'failed'],
] as const) {
  test(`a service that ${title} is ${outcome}`, (t) => {
    t.is(judge.service(exported, served).outcome, outcome);
  });
}

for (const [status, fields, kind] of [
  [200, { 'x-isthmus-endpoint': 'orders-1' }, 'answered'],
  [503, { 'x-isthmus-endpoint': 'orders-1' }, 'answered'],
  [403, { 'x-isthmus-refused': 'ACCESS_DENIED' }, 'refused'],
  [429, {}, 'refused'],
  [404, {}, 'failed'],
  [503, { 'x-isthmus-refused': 'NO_HEALTHY_ENDPOINT' }, 'failed'],
] as const) {
  test(`${status} with ${JSON.stringify(fields)} means that a service has ${kind}`, (t) => {
    t.is(servedOf({ ':status': status, ...fields }).kind, kind);
  });
}

test('a median is one of the round trips', (t) => {
  t.is(judge.median([5, 1, 3]), 3);
  t.is(judge.median([4, 1, 3, 2]), 2);
  t.is(judge.median([]), undefined);
});

for (const [all, outcome] of [
  [['ok', 'ok'], 'ok'],
  [['ok', 'unknown'], 'unknown'],
  [['ok', 'failed'], 'warning'],
  [['failed', 'failed'], 'failed'],
] as const) {
  test(`${all.join(' and ')} of two gateways is ${outcome} of their cluster`, (t) => {
    t.is(together(all), outcome);
  });
}

test('the matrix has a pair for each two clusters, and says of whom it knows nothing, since when and why', (t) => {
  const [dc1, dc2, dc3] = ['dc1', 'dc2', 'dc3'] as unknown as [
    ClusterName,
    ClusterName,
    ClusterName,
  ];
  const cell = (to: string, outcome: Outcome, since: number): Cell => ({
    ...{ to, at: 9, outcome, since, rttMs: since, findings: [] },
  });
  const { pairs, unheard } = matrixOf({
    ...{ by: 'dc1/g1', at: 10, clusters: [dc1, dc2, dc3] },
    gateways: ['dc1/g1', 'dc1/g2', 'dc2/g1', 'dc3/g1'],
    answers: [
      { cluster: dc1, row: { cluster: 'dc1', gateway: 'g1', cells: [cell('dc2', 'ok', 2)] } },
      { cluster: dc1, row: { cluster: 'dc1', gateway: 'g2', cells: [cell('dc2', 'failed', 3)] } },
      { cluster: dc2, row: { cluster: 'dc2', gateway: 'g1', cells: [cell('dc1', 'ok', 1)] } },
      { cluster: dc3, address: 'x:1', why: 'refused', since: 7 },
    ],
  });
  t.deepEqual(
    pairs.map(({ seen: _, ...pair }) => pair),
    [
      { from: 'dc1', to: 'dc2', outcome: 'warning', since: 3, rttMs: 2 },
      { from: 'dc1', to: 'dc3', outcome: 'unknown', why: 'It was not looked at yet' },
      { from: 'dc2', to: 'dc1', outcome: 'ok', since: 1, rttMs: 1 },
      { from: 'dc2', to: 'dc3', outcome: 'unknown', why: 'It was not looked at yet' },
      { from: 'dc3', to: 'dc1', outcome: 'unknown', why: 'refused', since: 7 },
      { from: 'dc3', to: 'dc2', outcome: 'unknown', why: 'refused', since: 7 },
    ],
  );
  t.deepEqual(unheard, ['dc3/g1']);
});

test('security: a gateway gives away 64 MiB within a minute, whoever asks', (t) => {
  let now = 0;
  const budget = new TransferBudget({ monotonic: () => now });
  for (let i = 0; i < 16; i++) budget.take();
  const error = t.throws(() => budget.take());
  t.regex(error?.message ?? '', /64 MiB within a minute/);
  now += 60_000 / 16;
  budget.take();
  t.throws(() => budget.take());
});
