/** Owns the cost of one choice: nanoseconds per pick, and per whole request's worth of balancing. Run: `node bench/pick.ts`. */

import { systemClock } from '../core/clock.ts';
import { parseClusterName, serviceName } from '../core/names.ts';
import { createServiceBalancer } from '../gateway/data/balance/balancer.ts';
import type { BalanceView, PickRequest, ServiceBalancer } from '../gateway/data/balance/types.ts';
import { algorithms } from '../policy/traffic/algorithms.ts';
import { defaultBalance } from '../policy/traffic-policy.ts';
import { nanoseconds } from './nanoseconds.ts';

const cluster = parseClusterName('dc1');
const service = serviceName('shop', 'web');
const place = { cluster, region: 'eu', zone: 'eu-a' };
const endpoints = Array.from({ length: 8 }, (_, i) => ({
  id: `e${i}`,
  zone: place.zone,
  address: `10.0.0.${i}`,
  port: 80,
  weight: 1,
  health: 'healthy' as const,
  protocol: 'http' as const,
  ejected: undefined,
}));
const view: BalanceView = {
  service,
  groups: [{ ...place, total: 8, healthy: 8, degraded: 0, excluded: 0, endpoints }],
  remotes: new Map(),
};
const tried: ReadonlySet<string> = new Set();
const request: PickRequest = { tried, mayLeaveTier: true, localOnly: false, hash: 12_345 };

/** In a round. */
const picks = 200_000;

function balancerWith(algorithm: (typeof algorithms)[number]): ServiceBalancer {
  const balancer = createServiceBalancer({
    service,
    caller: place,
    clock: systemClock,
    random: Math.random,
  });
  balancer.update(view, { ...defaultBalance, algorithm });
  return balancer;
}

/** All that balancing does for a request that succeeds at once. */
function wholeRequest(balancer: ServiceBalancer): void {
  balancer.countRequest();
  const target = balancer.pick(request);
  if (!target) throw new Error('nothing was picked');
  balancer.started(target);
  balancer.finished(target, 'ok', 1 + Math.random());
}

for (const algorithm of algorithms) {
  const balancer = balancerWith(algorithm);
  const whole = nanoseconds(() => wholeRequest(balancer), picks);
  const pick = nanoseconds(() => balancer.pick(request), picks);
  console.log(
    `${algorithm.padEnd(14)} 8 endpoints: ${pick.toFixed(0).padStart(4)} ns a pick, ${whole.toFixed(0).padStart(4)} ns a request`,
  );
}
const updated = balancerWith('peak-ewma');
const update = nanoseconds(() => updated.update(view, defaultBalance), 2000);
console.log(`peak-ewma      8 endpoints: ${(update / 1000).toFixed(1)} us a change of view`);
