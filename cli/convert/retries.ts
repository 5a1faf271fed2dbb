/** Owns retries of a rule: how many, after which answers, and what of that is said of the service for there it is said for all of its requests. */
import { defaultRetry } from '../../policy/traffic/retry.ts';
import type { Drafts, ServicePlace } from './drafts.ts';
import type { Field } from './field.ts';
import type { Rule } from './rules.ts';
import { grpcConditions, statusesOf, unanswered } from './statuses.ts';

const mostRetries = 9;

interface Asked {
  readonly attempts: Field | undefined;
  readonly number: number | undefined;
  /** Envoy's names, and statuses. */
  readonly on: readonly string[];
  /** Where the names stand. */
  readonly from: Field;
  /** Services that the rule leads to. */
  readonly services: readonly ServicePlace[];
}

export function retryOf(
  { attempts, number, on, from, services }: Asked,
  drafts: Drafts,
): NonNullable<Rule['retry']> {
  if (number !== undefined && number > mostRetries) {
    attempts?.differs(`a request is tried again ${mostRetries} times at most`);
  }
  const codes = new Set<number>();
  const ofService = new Set<string>();
  for (const name of on) {
    if (/^[45]\d\d$/.test(name)) codes.add(Number(name));
    else if (Object.hasOwn(statusesOf, name))
      for (const one of statusesOf[name] ?? []) codes.add(one);
    else if (grpcConditions.has(name)) ofService.add(name);
    else if (name !== 'retriable-status-codes' && !unanswered.has(name)) {
      from.leave(`there is no condition ${name} of retries`);
    }
  }
  if (ofService.size > 0) {
    for (const place of services) addConditions(drafts.balanceOf(place, from), ofService);
    from.differs(
      `${[...ofService].join(', ')}: retries by a status of gRPC are a TrafficPolicy's, for all requests of the service`,
    );
  }
  return {
    ...(number !== undefined && { attempts: Math.min(mostRetries, number) }),
    ...(codes.size > 0 && { codes: [...codes].sort((a, b) => a - b).slice(0, 16) }),
  };
}

function addConditions(balance: Record<string, unknown>, names: ReadonlySet<string>): void {
  const before = (balance['retry'] ?? {}) as { readonly on?: readonly string[] };
  const on = new Set([...(before.on ?? defaultRetry.on), ...names]);
  balance['retry'] = { ...before, on: [...on] };
}
