/** Specifies which events the endpoints, the ejections and the traffic of services make. */
import test from 'ava';
import { silentLog } from '../../../../core/log.ts';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { Subscribers } from '../../../../core/subscribers.ts';
import { ejectionEvents } from '../../../../gateway/control/events/ejections.ts';
import {
  downAmong,
  endpointEvents,
  type SeenEndpoint,
} from '../../../../gateway/control/events/endpoints.ts';
import {
  noteServiceEvents,
  type WatchedServices,
} from '../../../../gateway/control/events/service-events.ts';
import { type Answered, Spills } from '../../../../gateway/control/events/spills.ts';
import type { Sampler, Stepped } from '../../../../gateway/control/graph/sampler.ts';

const dc1 = parseClusterName('dc1');
const orders = parseServiceName('orders.shop');

function seen(health: Readonly<Record<string, SeenEndpoint['health']>>): SeenEndpoint[] {
  return Object.entries(health).map(([id, is]) => ({ id, health: is, reason: `it is ${is}` }));
}

test('endpoints: who went down or came back since the look before, together, with who is left', (t) => {
  const table: readonly (readonly [
    down: readonly string[],
    now: Parameters<typeof seen>[0],
    events: readonly string[],
  ])[] = [
    [[], { a: 'healthy', b: 'unknown' }, []],
    [
      [],
      { a: 'unhealthy', b: 'healthy' },
      ['warning orders.shop: a is down (it is unhealthy); 1 of 2 is healthy'],
    ],
    [
      [],
      { a: 'unhealthy', b: 'unhealthy' },
      ['error orders.shop: a and b are down (it is unhealthy); none of 2 are healthy'],
    ],
    [['a'], { a: 'unhealthy', b: 'healthy' }, []],
    [['a'], { a: 'unknown', b: 'healthy' }, []],
    [
      ['a'],
      { a: 'healthy', b: 'unhealthy' },
      [
        'warning orders.shop: b is down (it is unhealthy); 1 of 2 is healthy',
        'info orders.shop: a is back; 1 of 2 is healthy',
      ],
    ],
    // One that was deregistered while it was down is not back.
    [['a'], { b: 'healthy' }, []],
    [
      [],
      Object.fromEntries([...'abcdefg'].map((id) => [id, 'unhealthy'] as const)),
      [
        'error orders.shop: a, b, c, d, e and 2 more are down (it is unhealthy); none of 7 are healthy',
      ],
    ],
  ];
  for (const [down, now, events] of table) {
    const found = endpointEvents(dc1, orders, new Set(down), seen(now));
    t.deepEqual(
      found.map(({ severity, what }) => `${severity} ${what}`),
      events,
    );
  }
  t.deepEqual([...downAmong(seen({ a: 'unknown', b: 'unknown' }), new Set(['a']))], ['a']);
});

test('ejections: what is out since the look before and why, and what is used again', (t) => {
  const out = (...keys: string[]) =>
    new Map([[orders, new Map(keys.map((key) => [key, 'consecutive5xx'] as const))]]);
  const told = (before: ReturnType<typeof out>, now: ReturnType<typeof out>) =>
    ejectionEvents(dc1, before, now, () => 3).map(({ severity, what }) => `${severity} ${what}`);
  t.deepEqual(told(out(), out()), []);
  t.deepEqual(told(out('endpoint/a'), out('endpoint/a')), []);
  t.deepEqual(told(new Map(), out('endpoint/a', 'cluster/dc2')), [
    'warning orders.shop: endpoint a and cluster dc2 ejected after 5xx in a row (consecutive5xx); 1 of 3 here ejected',
  ]);
  t.deepEqual(told(out('endpoint/a'), new Map()), [
    'info orders.shop: endpoint a used again, on trial; 0 of 3 here ejected',
  ]);
});

function told(steps: readonly Readonly<Record<string, number>>[], hasCopies: boolean): string[] {
  const spills = new Spills(dc1);
  return steps.flatMap((step, i) => {
    const answered: Answered = new Map([[orders, new Map(Object.entries(step))]]);
    return spills.step(i * 5_000, answered, () => hasCopies).map(({ what }) => what);
  });
}

test('traffic: when it leaves the cluster that usually answers, and when it is back', (t) => {
  t.deepEqual(told([{ dc1: 100 }, { dc1: 97, dc2: 3 }, { dc1: 100 }], true), []);
  t.deepEqual(told([{ dc1: 100 }, { dc1: 50, dc2: 50 }, { dc2: 100 }, {}, { dc1: 100 }], true), [
    'orders.shop: traffic leaves dc1: 50 of the last 100 requests were answered by dc2',
    'orders.shop: traffic is back in dc1 after 15 s: 150 of 300 requests were answered elsewhere meanwhile',
  ]);
  // It was away before anybody looked.
  t.is(told([{ dc2: 100 }, { dc2: 100 }], true).length, 1);
});

test('traffic of a service that has no copies here: by whoever answers it at first', (t) => {
  t.deepEqual(told([{ dc2: 100 }, { dc2: 100 }], false), []);
  t.deepEqual(told([{ dc2: 100 }, { dc3: 100 }], false), [
    'orders.shop: traffic leaves dc2: 100 of the last 100 requests were answered by dc3',
  ]);
  // Copies come, and it comes home: that is where it belongs from then on.
  t.deepEqual(told([{ dc2: 100 }, { dc1: 100 }, { dc1: 100 }], false), []);
});

test('what this gateway refused, or answered itself, has not left the cluster that usually answers', (t) => {
  const steps = new Subscribers<[step: number, counted: readonly Stepped[]]>();
  const events: string[] = [];
  const gateway: WatchedServices = {
    catalog: { services: () => [].values(), find: () => undefined },
    changes: { join: () => () => {} },
    clock: { after: () => () => {} },
    config: { cluster: dc1 },
    journal: {
      add({ what }) {
        events.push(what);
        return undefined as never;
      },
    },
    services: { endpoints: () => [] },
    workers: { balancerStates: async () => new Map() },
  };
  const sampler = { onStep: steps.add.bind(steps) } as Pick<Sampler, 'onStep'>;
  noteServiceEvents(gateway, sampler, silentLog);
  const labels = { service: orders, source: 'dc1', protocol: 'http' } as const;
  const far = { ...labels, cluster: 'dc2', tier: 'cluster' } as const;
  const own = { ...labels, cluster: 'dc1', tier: 'zone' } as const;
  const served = { labels: far, requests: 8, answered: 8, errors: 0 };
  const refused = { labels: own, requests: 4, answered: 0, errors: 4 };
  steps.tell(1, [served]);
  steps.tell(2, [served, refused]);
  steps.tell(3, [refused]);
  t.deepEqual(events, []);
  steps.tell(4, [served, { ...refused, answered: 2 }]);
  t.deepEqual(events, [
    'orders.shop: traffic leaves dc2: 2 of the last 10 requests were answered by dc1',
  ]);
});
