/** Specifies what several gateways' counts say together. */
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../core/names.ts';
import {
  type Concern,
  growth,
  type History,
  markAt,
  quantileMs,
  rateTo,
  shareOf,
  windowBetween,
  withSample,
} from '../../../federation/drills/measures.ts';
import {
  type Counted,
  type MeasureRecord,
  maxServices,
  measureRecordSchema,
} from '../../../federation/drills/records.ts';

const dc2 = parseClusterName('dc2');
const orders = parseServiceName('orders.shop');
const cart = parseServiceName('cart.shop');

function counted(
  requests: number,
  to: Record<string, number>,
  rest: Partial<Counted> = {},
): Counted {
  return { service: orders, requests, failed: 0, to, latency: [requests, 0, 0], ...rest };
}

function measure(uptimeMs: number, ...services: readonly Counted[]): MeasureRecord {
  return measureRecordSchema.parse({
    ...{ cluster: 'dc1', id: 'gw1', uptimeMs, boundsMs: [10, 100], services, following: [] },
  });
}

function history(...samples: readonly (readonly [at: number, measure: MeasureRecord])[]): History {
  return samples.reduce<History>(
    (all, [at, measured]) => withSample(all, { at, measure: measured }),
    [],
  );
}

test('growth: what came between two measures, of a new service all of it', (t) => {
  const first = measure(1_000, counted(10, { dc1: 10 }));
  const last = measure(
    2_000,
    counted(30, { dc1: 12, dc2: 18 }),
    counted(5, { dc2: 5 }, { service: cart }),
  );
  const [ordersGrown, cartGrown] = growth(first, last);
  t.like(ordersGrown, { requests: 20, to: { dc1: 2, dc2: 18 }, latency: [20, 0, 0] });
  t.like(cartGrown, { requests: 5, to: { dc2: 5 } });
});

test('growth: a gateway that started anew counts from nothing', (t) => {
  const [grown] = growth(
    measure(9_000, counted(100, { dc1: 100 })),
    measure(500, counted(7, { dc1: 7 })),
  );
  t.is(grown?.requests, 7);
});

test('growth is never negative, also where a service was left out in between', (t) => {
  const [grown] = growth(
    measure(1_000, counted(100, { dc1: 100 })),
    measure(2_000, counted(90, { dc1: 90 })),
  );
  t.is(grown?.requests, 0);
});

test('a window: all gateways together, by the cluster that answered; everything, or what concerns', (t) => {
  const histories = new Map([
    [
      'dc1/gw1',
      history(
        [0, measure(0, counted(0, {}))],
        [2_000, measure(2_000, counted(40, { dc1: 30, dc2: 10 }, { failed: 4 }))],
      ),
    ],
    [
      'dc2/gw1',
      history([0, measure(0)], [2_000, measure(2_000, counted(8, { dc2: 8 }, { service: cart }))]),
    ],
  ]);
  const between = (concern?: Concern) =>
    windowBetween(markAt(histories, 0), markAt(histories, 2_000), concern);
  const all = between();
  t.like(all, { seconds: 2, requests: 48, failed: 4 });
  t.is(shareOf(all, 'dc1'), 30 / 48);
  t.is(shareOf(all, 'dc9'), 0);
  t.is(rateTo(all, 'dc2'), 9);
  t.like(between({ services: [orders] }), { requests: 40, perSecond: 20, failed: 4 });
  t.like(between({ services: [cart] }), { requests: 8, failed: 0 });
  t.like(between({ services: [orders, cart], from: dc2 }), { requests: 8 });
  t.like(between({ services: [orders], from: dc2 }), { requests: 0 });
});

test("rates are by each gateway's own samples: one that is late takes nothing from them", (t) => {
  const histories = new Map([
    ['dc1/gw1', history([0, measure(0)], [2_000, measure(2_000, counted(20, { dc1: 20 }))])],
    ['dc2/gw1', history([0, measure(0)], [1_500, measure(1_500, counted(30, { dc1: 30 }))])],
  ]);
  const window = windowBetween(markAt(histories, 0), markAt(histories, 2_000));
  t.is(rateTo(window, 'dc1'), 10 + 20);
});

test('a window without traffic has no shares and no quantiles', (t) => {
  const nothing = windowBetween(new Map(), new Map());
  t.is(nothing.requests, 0);
  t.is(shareOf(nothing, 'dc1'), undefined);
  t.is(rateTo(nothing, 'dc1'), 0);
  t.is(quantileMs(nothing, 0.99), undefined);
});

test('gateways whose buckets differ are counted, but not taken for the latency', (t) => {
  const other = {
    ...measure(2_000, counted(10, { dc1: 10 }, { latency: [0, 10] })),
    boundsMs: [500],
  };
  const histories = new Map([
    ['dc1/gw1', history([0, measure(0)], [2_000, measure(2_000, counted(10, { dc1: 10 }))])],
    ['dc1/gw2', history([0, { ...measure(0), boundsMs: [500] }], [2_000, other])],
  ]);
  const window = windowBetween(markAt(histories, 0), markAt(histories, 2_000));
  t.is(window.requests, 20);
  t.deepEqual(window.latency, [10, 0, 0]);
});

test('a mark: the last sample by then, or the first of a gateway heard of later', (t) => {
  const histories = new Map([
    ['a', history([100, measure(1)], [200, measure(2)])],
    ['b', history([500, measure(3)])],
  ]);
  const uptimes = (at: number) =>
    [...markAt(histories, at).values()].map(({ measure: m }) => m.uptimeMs);
  t.deepEqual(uptimes(150), [1, 3]);
  t.deepEqual(uptimes(200), [2, 3]);
});

test('a service that was not among those named before may have been counted before: it grew by nobody knows what', (t) => {
  const many = Array.from({ length: maxServices }, (_, i) =>
    counted(1, { dc1: 1 }, { service: parseServiceName(`s${i}.shop`) }),
  );
  const [grown, ...others] = growth(measure(1, ...many), measure(2, counted(900, { dc1: 900 })));
  t.deepEqual([grown, others], [undefined, []]);
});

test('old samples are forgotten, but for the one that the oldest window begins with', (t) => {
  const kept = history(
    [0, measure(0)],
    [1_000, measure(1)],
    [100_000, measure(2)],
    [130_000, measure(3)],
  );
  t.deepEqual(
    kept.map(({ at }) => at),
    [1_000, 100_000, 130_000],
  );
});

test('quantiles: evenly spread within a bucket, the last bound for what is above it', (t) => {
  const window = (latency: readonly number[]) => ({
    ...windowBetween(new Map(), new Map()),
    ...{ boundsMs: [10, 100], latency },
  });
  const table = [
    [[100, 0, 0], 0.5, 5],
    [[100, 0, 0], 1, 10],
    [[50, 50, 0], 0.75, 55],
    [[0, 0, 10], 0.5, 100],
    [[99, 0, 1], 0.99, 10],
    [[0, 0, 0], 0.5, undefined],
  ] as const;
  for (const [latency, quantile, ms] of table) t.is(quantileMs(window(latency), quantile), ms);
});
