/** Specifies how what clients and services noted of requests is held against each other. */
import test from 'ava';
import { type Asked, holdAgainst, outOfRotationAfter } from './ledger.ts';

const copiesOf = (service: string) =>
  service === 'orders' ? ['dc1', 'dc2', 'dc3'] : ['dc2', 'dc3'];
const calm = { losses: [], isolations: [], copiesOf };

/** A request of dc1's client that was answered well within 5 ms, unless said otherwise. */
function asked(id: string, sentAt: number, more: Partial<Asked> = {}): Asked {
  return {
    ...{ id, method: 'GET', from: 'dc1', service: 'orders', gateway: 'dc1/g1' },
    ...{ sentAt, doneAt: sentAt + 5, ...(more.error === undefined && { cluster: 'dc1' }) },
    ...more,
  };
}

const once = (...ids: readonly string[]) => new Map(ids.map((id) => [id, 1]));
const failed = { error: '503' };

test('requests that were answered and executed once are counted, and nothing else', (t) => {
  const account = holdAgainst([asked('a', 0), asked('b', 10)], once('a', 'b'), calm);
  t.deepEqual(account, {
    requests: 2,
    outOfReach: 0,
    failed: { GET: { onLost: 0, other: 0 }, POST: { onLost: 0, other: 0 } },
    executedThoughFailed: 0,
    twice: { GET: { onLost: 0, other: 0 }, POST: { onLost: 0, other: 0 } },
    unexecuted: 0,
    longestGapMs: 10,
    examples: [],
  });
});

test('a request that was answered and nobody executed is found', (t) => {
  t.is(holdAgainst([asked('a', 0)], new Map(), calm).unexecuted, 1);
});

test('a failed POST that was executed all the same is told apart', (t) => {
  const post = { method: 'POST', ...failed } as const;
  const both = [asked('a', 0, post), asked('b', 0, post)];
  const account = holdAgainst(both, once('b'), calm);
  t.is(account.failed.POST.other, 2);
  t.is(account.executedThoughFailed, 1);
  t.is(account.examples.length, 2);
});

for (const [title, more, isExcused] of [
  ['on the killed gateway, in flight', { sentAt: 98, doneAt: 101 }, true],
  ['on the killed gateway, ended before', { sentAt: 90, doneAt: 99 }, false],
  ['on the killed gateway, sent after', { sentAt: 111, doneAt: 120 }, false],
  ['on its sibling', { sentAt: 98, doneAt: 101, gateway: 'dc1/g2' }, false],
] as const) {
  test(`a gateway is killed from 100 to 110; a request fails ${title}`, (t) => {
    const losses = [
      { what: { kind: 'gateway', gateway: 'dc1/g1' }, from: 100, until: 110 } as const,
    ];
    const { failed: by } = holdAgainst([asked('a', 0, { ...failed, ...more })], once(), {
      ...calm,
      losses,
    });
    t.deepEqual(by.GET, isExcused ? { onLost: 1, other: 0 } : { onLost: 0, other: 1 });
  });
}

test('a request of another datacenter was on a killed gateway where that cluster had answered lately', (t) => {
  const losses = [{ what: { kind: 'gateway', gateway: 'dc2/g1' }, from: 100, until: 110 } as const];
  const before = asked('a', 50, { service: 'stock', cluster: 'dc2' });
  const onIt = asked('b', 99, { service: 'stock', doneAt: 105, ...failed });
  const local = asked('c', 99, { doneAt: 105, ...failed });
  const { failed: by } = holdAgainst([before, onIt, local], once('a'), { ...calm, losses });
  t.deepEqual(by.GET, { onLost: 1, other: 1 });
});

test('a way is lost for those alone who ask by it', (t) => {
  const what = { kind: 'way', from: 'dc1', to: 'dc2' } as const;
  const losses = [{ what, from: 100, until: 110 }];
  const stock = { service: 'stock', cluster: 'dc2' };
  const requests = ['dc1', 'dc3'].flatMap((from) => [
    asked(`${from}-a`, 50, { ...stock, from }),
    asked(`${from}-b`, 99, { service: 'stock', from, doneAt: 105, ...failed }),
  ]);
  const { failed: by } = holdAgainst(requests, once('dc1-a', 'dc3-a'), { ...calm, losses });
  t.deepEqual(by.GET, { onLost: 1, other: 1 });
});

test('what is executed twice is excused as what fails is', (t) => {
  const losses = [{ what: { kind: 'gateway', gateway: 'dc1/g1' }, from: 100, until: 110 } as const];
  const executed = new Map([
    ['a', 2],
    ['b', 2],
  ]);
  const { twice } = holdAgainst([asked('a', 99), asked('b', 200)], executed, { ...calm, losses });
  t.deepEqual(twice.GET, { onLost: 1, other: 1 });
});

test('an isolated datacenter is judged by what it has copies of', (t) => {
  const isolations = [{ datacenter: 'dc1', from: 100, until: 200 }];
  const requests = [
    asked('a', 150, { service: 'stock', ...failed }),
    asked('b', 150, failed),
    asked('c', 201, { service: 'stock', ...failed }),
  ];
  const account = holdAgainst(requests, once(), { ...calm, isolations });
  t.is(account.outOfReach, 1);
  t.is(account.failed.GET.other, 2);
});

test('the longest gap is one of a service as clients of one datacenter see it', (t) => {
  const requests = [
    ...[0, 10, 400, 410].map((at) => asked(`a${at}`, at)),
    ...[0, 100, 200, 300, 400].map((at) => asked(`b${at}`, at, { service: 'stock' })),
    asked('failed', 200, failed),
  ];
  t.is(holdAgainst(requests, once(), calm).longestGapMs, 390);
});

test('a gap lasts to the last request that was sent', (t) => {
  t.is(holdAgainst([asked('a', 0), asked('b', 500, failed)], once('a'), calm).longestGapMs, 495);
});

test('a cluster is out of rotation when each gateway that asked it is answered elsewhere', (t) => {
  const stock = { service: 'stock', cluster: 'dc2' };
  const requests = [
    asked('a', 900, stock),
    asked('b', 1100, { ...stock, cluster: 'dc3' }),
    asked('c', 900, { ...stock, gateway: 'dc1/g2' }),
    asked('d', 1400, { ...stock, gateway: 'dc1/g2', cluster: 'dc3' }),
  ];
  t.is(outOfRotationAfter(requests, 'dc2', 1000), 405);
  t.is(outOfRotationAfter(requests.slice(0, 3), 'dc2', 1000), Number.POSITIVE_INFINITY);
  t.is(outOfRotationAfter(requests, 'dc1', 1000), undefined);
});
