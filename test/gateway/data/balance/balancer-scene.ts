/** Owns a balancer set up for tests: its clock moved by hand, its chance repeatable. */

import { createServiceBalancer } from '../../../../gateway/data/balance/balancer.ts';
import type {
  Distribution,
  Group,
  PickRequest,
  RemoteCluster,
} from '../../../../gateway/data/balance/types.ts';
import type { BalancePolicy } from '../../../../policy/traffic-policy.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { caller, policyWith, request, seeded, viewOf, web, zone } from './scenes.ts';

interface Setting {
  readonly groups: readonly Group[];
  readonly remotes?: readonly RemoteCluster[];
  readonly policy?: Partial<BalancePolicy>;
  readonly onEjected?: (service: string, id: string) => void;
}

/** A balancer in the caller's place, with its clock, what it has decided, and short ways to use it. */
export function start({ groups, remotes = [], policy = {}, onEjected }: Setting) {
  const clock = new ManualClock();
  const decisions: Distribution[] = [];
  const balancer = createServiceBalancer({
    service: web,
    caller,
    clock,
    random: seeded(1),
    onEjected,
    onChange: (distribution) => decisions.push(distribution),
  });
  const update = (next: readonly Group[], links: readonly RemoteCluster[] = remotes) =>
    balancer.update(viewOf(next, links), policyWith(policy));
  update(groups);
  const pickKey = (rest: Partial<PickRequest> = {}) => balancer.pick(request(rest))?.key;
  /** How often each key is picked, of a hundred. */
  const spread = (rest: Partial<PickRequest> = {}) => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < 100; i++) {
      const key = pickKey(rest) ?? 'nothing';
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  };
  const fail = (key: string, times: number, result: 'failed' | 'unsent' = 'failed') => {
    for (let i = 0; i < times; i++) {
      const target = balancer.pick(request({ tried: new Set(keys.filter((one) => one !== key)) }));
      if (target?.key !== key) throw new Error(`picked ${target?.key} instead of ${key}`);
      balancer.started(target);
      balancer.finished(target, result, 5);
    }
  };
  const keys = ['endpoint/a', 'endpoint/b', 'endpoint/c', 'cluster/dc2', 'cluster/dc3'];
  const loads = () =>
    balancer.distribution().tiers.map((tier) => tier.healthyLoad + tier.degradedLoad);
  return { balancer, clock, decisions, update, pickKey, spread, fail, loads };
}

export const three = zone('eu-a', { a: 'healthy', b: 'healthy', c: 'healthy' });
export const dead = zone('eu-a', { a: 'unhealthy', b: 'unhealthy', c: 'unhealthy' });
