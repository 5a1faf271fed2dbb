/** Owns telling who may ask, and how often: the rule that let a request pass or refused it, and the buckets that it takes from. */

import type { ServiceName } from '../../../core/names.ts';
import { writtenDuration } from '../../../core/written-duration.ts';
import { decidingRule, refusing } from '../request/authorize/decide.ts';
import { Facts, type Place } from '../request/authorize/facts.ts';
import { isUnnamed } from '../request/authorize/foreign.ts';
import {
  type CompiledLimit,
  keyValue,
  type LimitLookup,
  limitsFor,
} from '../request/rate-limit/limits.ts';
import type { Decision } from './decision.ts';
import type { Seen, Teller } from './way.ts';

/** Nothing of a token but its issuer, which the policy names. */
export const tellToken: Teller = ({ exchange, route: { governed, service }, refused }) => {
  const step = 'authenticate';
  const policies = (governed?.by ?? []).filter((one) => one.kind === 'Authentication');
  if (policies.length === 0) {
    return [{ step, outcome: 'passes', says: `no policy takes tokens for ${service}` }];
  }
  const names = policies.map(({ name }) => name).join(', ');
  if (refused !== undefined) {
    return policies.length === 1
      ? [{ ...refused, policy: names }]
      : [{ ...refused, says: `${refused.says} (${names})` }];
  }
  const issuer = exchange.passage?.token?.claims['iss'];
  const by = policies.find(({ spec }) => spec.jwtRules.some((rule) => rule.issuer === issuer));
  if (by === undefined) {
    return [{ step, outcome: 'passes', says: `it has no token, and ${names} requires none` }];
  }
  const says = `its token is verified: it is of ${issuer}`;
  return [{ step, outcome: 'passes', says, policy: by.name }];
};

export function tellAuthorization(place: Place): Teller {
  return ({ exchange, route: { governed, port, service } }) => {
    const step = 'authorize';
    const policies = governed?.authorization;
    const facts = new Facts(exchange, place, port);
    const by = policies && refusing(policies, facts);
    if (by === undefined && isUnnamed(policies, facts)) {
      const says = `it is of ${facts.foreign}, which is outside of the federation, and no policy for ${service} names it`;
      return [{ step, outcome: 'refused', says }];
    }
    if (policies === undefined) {
      return [{ step, outcome: 'passes', says: `no policy says who may ask ${service}` }];
    }
    const rule = decidingRule(policies, facts);
    if (by !== undefined) {
      const says =
        rule === undefined
          ? `no rule of ${namesOf(governed?.by ?? [])} fits, and what none of them allows is refused`
          : `rule ${rule.number} of it fits, and denies`;
      return [{ step, outcome: 'refused', says, policy: by, rule: rule?.number }];
    }
    if (rule !== undefined) {
      const says = `rule ${rule.number} of it fits, and allows`;
      return [{ step, outcome: 'passes', says, policy: rule.policy, rule: rule.number }];
    }
    return [{ step, outcome: 'passes', says: 'no rule that denies fits' }];
  };
}

type Policy = NonNullable<Seen['route']['governed']>['by'][number];

function namesOf(policies: readonly Policy[]): string {
  return policies
    .flatMap((one) =>
      one.kind === 'Authorization' && one.spec.action === 'ALLOW' && !one.spec.dryRun
        ? [one.name]
        : [],
    )
    .join(', ');
}

/** `named`: finds what the rules of Routes name; a backend of theirs has limits of its own. */
export function tellLimits({ cluster }: Place, named: LimitLookup): Teller {
  return ({ exchange, route: { governed, service } }) =>
    (limitsFor(governed?.limits, exchange, governed?.rules && named) ?? []).map((one): Decision => {
      const base = { step: 'rate-limit', policy: one.policy } as const;
      if (one.atEntry && exchange.peer.kind === 'gateway') {
        return { ...base, outcome: 'passes', says: 'it was counted where the request came in' };
      }
      const { requests, perMs, burst, dryRun } = one.limit;
      const rate = `${requests} requests in ${writtenDuration(perMs)}, ${burst} at once`;
      const says = `${rate}, ${bucketOf(one, service, exchange, cluster)}; how many are left is not known`;
      return { ...base, outcome: dryRun ? 'noted' : 'acts', says };
    });
}

/** Fields whose values are secrets, or near to it. */
const secretFields = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key']);

/** Whose bucket it is, in words. */
function bucketOf(
  { limit, isOfRules }: CompiledLimit,
  service: ServiceName,
  exchange: Seen['exchange'],
  cluster: string,
): string {
  if (limit.keys.length === 0) {
    return `one bucket for all requests ${isOfRules ? 'by rules that name it' : `for ${service}`}`;
  }
  const values = limit.keys.map((key) => {
    if (key.by === 'header' && secretFields.has(key.name)) return `${key.name} as it is given`;
    const name = key.by === 'header' ? key.name : key.by;
    return `${name} ${JSON.stringify(keyValue(key, exchange, cluster))}`;
  });
  return `the bucket of ${values.join(', ')}`;
}
