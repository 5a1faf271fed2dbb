/** Specifies what holds of the loads of tiers whatever their health. */
import test from 'ava';
import fc from 'fast-check';
import { type TierCounts, tierLoads } from '../../../../gateway/data/balance/tier-load.ts';

const wellHosts = (healthy: number): TierCounts => ({
  healthy,
  degraded: 0,
  total: healthy,
  excluded: 0,
});

const counts = fc
  .tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.nat(20))
  .map(([healthy, degraded, down, excluded]) => ({
    healthy,
    degraded,
    excluded,
    total: healthy + degraded + down + excluded,
  }));
const policies = fc.record({
  overprovisioningFactor: fc.integer({ min: 100, max: 300 }).map((percent) => percent / 100),
  panicThreshold: fc.integer({ min: 0, max: 100 }),
});
const worlds = fc.array(counts, { minLength: 1, maxLength: 6 });

test('loads are whole, never negative, and together 100; or 0 when nothing can be used', (t) => {
  fc.assert(
    fc.property(worlds, policies, (tiers, policy) => {
      const loads = tierLoads(tiers, policy).flatMap((load) => [
        load.healthyLoad,
        load.degradedLoad,
      ]);
      t.true(loads.every((load) => Number.isInteger(load) && load >= 0));
      const sum = loads.reduce((total, load) => total + load, 0);
      const hosts = tiers.some((one) => one.total > 0);
      const usable = tiers.some((one) => one.healthy + one.degraded > 0);
      t.is(sum, usable || (hosts && policy.panicThreshold > 0) ? 100 : 0);
    }),
  );
  t.pass();
});

test('nobody panics while the tiers together can carry everything', (t) => {
  fc.assert(
    fc.property(worlds, policies, (tiers, policy) => {
      const full = [...tiers, wellHosts(1)];
      t.false(tierLoads(full, policy).some((load) => load.panic));
    }),
  );
  t.pass();
});

test('a tier never carries load while a better one is fully healthy', (t) => {
  fc.assert(
    fc.property(worlds, policies, (tiers, policy) => {
      const [first, ...others] = tierLoads([wellHosts(3), ...tiers], policy);
      t.is(first?.healthyLoad, 100);
      t.true(others.every((load) => load.healthyLoad + load.degradedLoad === 0));
    }),
  );
  t.pass();
});

test('one more healthy host in the best of two tiers never lowers its load', (t) => {
  fc.assert(
    fc.property(counts, counts, (best, other) => {
      fc.pre(best.healthy + best.degraded + best.excluded < best.total);
      const policy = { overprovisioningFactor: 1.4, panicThreshold: 0 };
      const load = (one: TierCounts) => {
        const [first] = tierLoads([one, other], policy);
        return (first?.healthyLoad ?? 0) + (first?.degradedLoad ?? 0);
      };
      t.true(load({ ...best, healthy: best.healthy + 1 }) >= load(best));
    }),
  );
  t.pass();
});
