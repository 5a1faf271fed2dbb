/** Specifies what drills and standing orders do to a gateway. */
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { drainRecordSchema, failoverRecordSchema } from '../../../../federation/drills/records.ts';
import {
  drainEffects,
  effectsOf,
  failoverEffects,
  noEffects,
  together,
} from '../../../../gateway/control/drills/effects.ts';
import { drill } from '../../../federation/drills/specs.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
const orders = parseServiceName('orders.shop');
const inDc1 = { scope: { cluster: 'dc1' } };

test('one that is not in force does nothing', (t) => {
  t.is(effectsOf('d1', drill({ kind: 'evacuate', ...inDc1 }), 0, dc1), noEffects);
});

test('an evacuation keeps load off, as far as it is in force', (t) => {
  const spec = drill({ kind: 'evacuate', scope: { cluster: 'dc1', service: 'orders.shop' } });
  const { shifts, faults } = effectsOf('d1', spec, 0.25, dc2);
  const why = 'drill d1, evacuate orders.shop in dc1';
  t.deepEqual(shifts, [{ kind: 'withhold', cluster: dc1, service: orders, percent: 25, why }]);
  t.deepEqual(faults, []);
});

test('what breaks requests is a fault, struck by as much as it is in force', (t) => {
  const table = [
    [
      drill({ kind: 'black-hole', ...inDc1 }),
      { kind: 'black-hole' },
      { cluster: 'dc1', service: undefined, zone: undefined },
    ],
    [
      drill({
        kind: 'slow',
        scope: { link: { from: 'dc1', to: 'dc2' } },
        slow: { delay: '1s', jitter: '20ms' },
      }),
      { kind: 'delay', delayMs: 1_000, jitterMs: 20 },
      { from: 'dc1', cluster: 'dc2' },
    ],
    [
      drill({ kind: 'fail', scope: { cluster: 'dc1', zone: 'a' }, fail: { percent: 30 } }),
      { kind: 'abort', status: 503, share: 0.3 },
      { cluster: 'dc1', service: undefined, zone: 'a' },
    ],
  ] as const;
  for (const [spec, act, match] of table) {
    const { shifts, faults } = effectsOf('d1', spec, 0.5, dc2);
    t.deepEqual(shifts, []);
    t.deepEqual(faults as unknown, [{ match, act, share: 0.5 }]);
  }
});

test('the registry is lost where the drill says; leases are kept only where all lose it', (t) => {
  const lost = (scope: object, self: typeof dc1) =>
    effectsOf('d1', drill({ kind: 'lose-registry', scope }), 1, self).registryLost;
  t.deepEqual(lost({}, dc1), { keepsLease: true });
  t.deepEqual(lost({ cluster: 'dc1' }, dc1), { keepsLease: false });
  t.is(lost({ cluster: 'dc1' }, dc2), undefined);
});

test('trust is not touched: its driver proves what is refused', (t) => {
  t.deepEqual(effectsOf('d1', drill({ kind: 'expire-trust' }), 1, dc1), noEffects);
});

test('a drain comes by its ramp, and says why', (t) => {
  const drain = drainRecordSchema.parse({
    ...{
      cluster: 'dc1',
      of: 'dc2',
      sequence: 1,
      active: true,
      at: 1_000,
      rampMs: 200,
      reason: 'new switches',
    },
  });
  const percents = [900, 1_000, 1_050, 1_200, 9_000].map(
    (now) => drainEffects(drain, now).shifts[0]?.percent,
  );
  t.deepEqual(percents, [0, 0, 25, 100, 100]);
  t.is(drainEffects(drain, 1_000).shifts[0]?.why, 'dc2 is drained (new switches)');
});

test('a failover sends a share of its service to a cluster', (t) => {
  const failover = failoverRecordSchema.parse({
    ...{
      cluster: 'dc1',
      service: 'orders.shop',
      to: 'dc2',
      percent: 20,
      sequence: 1,
      active: true,
      at: 0,
    },
  });
  const why = 'orders.shop fails over to dc2';
  t.deepEqual(failoverEffects(failover).shifts, [
    { kind: 'direct', service: orders, to: dc2, percent: 20, why },
  ]);
});

test('several do all that they do; a lease that one lets go is let go', (t) => {
  const shift = effectsOf('d1', drill({ kind: 'evacuate', ...inDc1 }), 1, dc1);
  const fault = effectsOf('d2', drill({ kind: 'black-hole', ...inDc1 }), 1, dc1);
  const all = together([shift, fault, noEffects]);
  t.is(all.shifts.length, 1);
  t.is(all.faults.length, 1);
  t.false('registryLost' in all);
  const kept = { ...noEffects, registryLost: { keepsLease: true } };
  const dropped = { ...noEffects, registryLost: { keepsLease: false } };
  t.deepEqual(together([kept, kept]).registryLost, { keepsLease: true });
  t.deepEqual(together([kept, dropped]).registryLost, { keepsLease: false });
});
