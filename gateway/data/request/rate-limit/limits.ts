/** Owns the rate limits of a service, made ready for its requests: the shape of each bucket, and whose a request's is. */
import { hash } from 'node:crypto';
import type { ServiceName } from '../../../../core/names.ts';
import type { PolicyResource, RateLimitPolicy } from '../../../../policy/effective.ts';
import type { RateKey, RateLimit } from '../../../../policy/rate-limit.ts';
import { hash32 } from '../../balance/hash.ts';
import { originalClient } from '../../message/client-origin.ts';
import type { Exchange } from '../../message/exchange.ts';
import { sourceOf } from '../../message/peer.ts';
import { claimTexts } from '../../message/verified-token.ts';
import { type BucketShape, shapeOf } from './bucket.ts';

export interface CompiledLimit {
  /** The policy's name. */
  readonly policy: string;
  /** Whether it holds only where requests enter: what is said to all gateways would else count a request twice. */
  readonly atEntry: boolean;
  readonly limit: RateLimit;
  readonly shape: BucketShape;
  /** The policy's mark, where what its buckets give is told to other gateways; else 0. */
  readonly mark: number;
  /** The value of `RateLimit-Policy`. */
  readonly said: string;
  /** Its name in both fields. */
  readonly shownName: string;
  /** Whether it counts the requests of rules that name it, all together; else those of each service. */
  readonly isOfRules: boolean;
}

export function limitsIn(
  policies: readonly PolicyResource[],
): readonly CompiledLimit[] | undefined {
  const limits = policies.filter((one): one is RateLimitPolicy => one.kind === 'RateLimit');
  return limits.length === 0 ? undefined : limits.map((one) => compiled(one, false));
}

/** The mark of a policy by its name: the same at every gateway. */
export function markOf(policy: string): number {
  return hash32(policy);
}

/** Finds the limit that rules of a namespace's Routes name so. */
export type LimitLookup = (namespace: string, name: string) => CompiledLimit | undefined;

/** A limit as rules of Routes name it: of the same policy always the same object. */
export function limitOfRules(policy: RateLimitPolicy): CompiledLimit {
  return ofRules.getOrInsertComputed(policy, () => compiled(policy, true));
}

const ofRules = new WeakMap<RateLimitPolicy, CompiledLimit>();

/** The limits that hold for a request: those for its service, `limits`, and the one that its rule names, which may be one of them. */
export function limitsFor(
  limits: readonly CompiledLimit[] | undefined,
  { passage }: Pick<Exchange, 'passage'>,
  named: LimitLookup | undefined,
): readonly CompiledLimit[] | undefined {
  const name = passage?.fit?.rule.limit;
  const one = name && named?.(name.namespace, name.name);
  if (one === undefined) return limits;
  if (limits === undefined) return [one];
  return limits.some(({ policy }) => policy === one.policy) ? limits : [...limits, one];
}

function compiled(
  { name, spec, ofFederation }: RateLimitPolicy,
  isOfRules: boolean,
): CompiledLimit {
  const { requests, perMs } = spec;
  const shownName = `"${name.slice(name.lastIndexOf('/') + 1)}"`;
  return {
    policy: name,
    isOfRules,
    atEntry: ofFederation === true,
    limit: spec,
    shape: shapeOf(spec),
    mark: spec.isShared ? markOf(name) : 0,
    shownName,
    said: `${shownName};q=${requests};w=${Math.max(1, Math.ceil(perMs / 1000))}`,
  };
}

/**
 * The key of a request's bucket: never 0, and the same at every gateway. What clients choose can't be made to fall on another's, for it is
 * 64 bits of SHA-256, with the length of each value before it.
 */
export function bucketKey(
  { policy, limit, isOfRules }: CompiledLimit,
  service: ServiceName,
  exchange: Exchange,
  cluster: string,
): bigint {
  let text = isOfRules ? `${policy} ` : `${policy} ${service}`;
  for (const key of limit.keys) {
    const value = keyValue(key, exchange, cluster);
    text += ` ${key.by} ${value.length}:${value}`;
  }
  const key = hash('sha256', text, 'buffer').readBigInt64LE();
  return key === 0n ? 1n : key;
}

/** Several fields of a name are one value (RFC 9110 section 5.3). */
export function keyValue(key: RateKey, exchange: Exchange, cluster: string): string {
  switch (key.by) {
    case 'source':
      return originalClient(exchange);
    case 'cluster':
      return sourceOf(exchange.peer) ?? cluster;
    case 'claim': {
      const token = exchange.passage?.token;
      return token === undefined ? '' : claimTexts(token, key.path, 'whole').join(', ');
    }
    case 'header':
      return key.name === 'host'
        ? exchange.head.authority
        : exchange.head.fields.all(key.name).join(', ');
  }
}
