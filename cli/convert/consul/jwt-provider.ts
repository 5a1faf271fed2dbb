/** Owns what a jwt-provider of Consul says, and what intentions that name some ask of tokens: rules of an Authentication, and conditions on claims. */
import { readConditionKey } from '../../../policy/authorization/condition-key.ts';
import type { Field, Reasons } from '../field.ts';
import { envoyPlaces, type JwtRule, takenRule } from '../tokens.ts';
import type { Entry } from './entry.ts';

export const providerReasons: Reasons = {
  'remote.requestTimeoutMs': 'keys are fetched within 5 s',
  'remote.retryPolicy': 'keys that could not be had are asked for again each 10 s',
  'jwksCluster.discoveryType': 'names are resolved at each fetch',
  'jwksCluster.connectTimeout': 'keys are fetched within 5 s',
  tlsCertificates: 'say the authorities as trustedCA, a file or a text: jwksCaCertificates',
  forwarding: 'a service is told claims, each in a field of its own: outputClaimToHeaders',
  cacheConfig: 'tokens are known until they expire, up to 8192 of a service',
};

export interface Condition {
  readonly key: string;
  readonly values: readonly string[];
}

/** All providers that are given together. */
export class Providers {
  readonly #rules = new Map<string, JwtRule>();
  readonly #entries = new Map<string, Field>();
  readonly #named = new Set<string>();

  add({ document, field, name }: Entry): void {
    this.#entries.set(name, document);
    const rule = ruleOf(field);
    if (rule) this.#rules.set(name, rule);
  }

  /**
   * What `JWT` of intentions, or of a permission, asks for: one of these lists of conditions, all of it. Undefined, and told, where
   * one of its providers can't be said. Each rule of tokens that it goes by is put into `rules`.
   */
  asked(
    jwt: Field | undefined,
    rules: Set<JwtRule>,
  ): readonly (readonly Condition[])[] | undefined {
    if (jwt === undefined) return [[]];
    const all = jwt.list('providers').map((provider) => this.#conditionsOf(provider, rules));
    jwt.leaveRest();
    const said = all.filter((one) => one !== undefined);
    return jwt.isWhole && said.length === all.length && said.length > 0 ? said : undefined;
  }

  /** A provider does nothing by itself. */
  leaveUnnamed(): void {
    for (const [name, document] of this.#entries) {
      if (this.#named.has(name) || !this.#rules.has(name)) continue;
      document.leave('no service-intentions here name it: give them in the same call');
    }
  }

  #conditionsOf(provider: Field, rules: Set<JwtRule>): readonly Condition[] | undefined {
    const name = provider.text('name') ?? '';
    this.#named.add(name);
    const rule = this.#rules.get(name);
    const claims = provider.list('verifyClaims').map(conditionOf);
    provider.leaveRest();
    if (rule === undefined) {
      const why = this.#entries.has(name)
        ? 'its tokens are not taken'
        : 'give its jwt-provider in the same call';
      provider.at('name')?.leave(why);
      return undefined;
    }
    if (claims.includes(undefined)) return undefined;
    rules.add(rule);
    const issuer = { key: 'request.auth.claims[iss]', values: [rule.issuer] };
    return [issuer, ...claims.filter((one) => one !== undefined)];
  }
}

function conditionOf(claim: Field): Condition | undefined {
  const path = claim.texts('path') ?? [];
  const value = claim.text('value') ?? '';
  const key = `request.auth.claims${path.map((name) => `[${name}]`).join('')}`;
  if (readConditionKey(key) === undefined || value === '' || value.includes('*')) {
    claim.leave('no condition here is on such a claim, or value');
    return undefined;
  }
  claim.differs('a claim that is a list has it as well where one of the list is it');
  return { key, values: [value] };
}

function ruleOf(field: Field): JwtRule | undefined {
  const issuer = field.text('issuer');
  const keys = field.at('jsonWebKeySet');
  const made = {
    ...{ issuer, audiences: nonEmpty(field.texts('audiences')) },
    ...keysIn(keys?.at('local'), keys?.at('remote')),
    tolerance: `${field.number('clockSkewSeconds') || 30}s`,
    ...placesIn(field.list('locations')),
  };
  field.leaveRest();
  return takenRule(made, field);
}

function keysIn(local: Field | undefined, remote: Field | undefined): object {
  const encoded = local?.text('jwks') || undefined;
  const jwksFile = local?.text('filename') || undefined;
  const jwks = encoded && Buffer.from(encoded, 'base64').toString();
  const jwksUri = remote?.text('uri');
  const refresh = remote?.duration('cacheDuration');
  // Nothing waits for keys here either.
  remote?.flag('fetchAsynchronously');
  const authority = remote?.down('jwksCluster', 'tlsCertificates', 'trustedCA');
  const jwksCaCertificates =
    authority?.text('filename') || authority?.text('inlineString') || undefined;
  return { jwks, jwksFile, jwksUri, jwksCaCertificates, refresh };
}

function placesIn(locations: readonly Field[]): object {
  if (locations.length === 0) return envoyPlaces;
  const headers = locations.flatMap((one) => one.at('header') ?? []);
  const named = (key: string) =>
    nonEmpty(locations.flatMap((one) => one.at(key)?.text('name') ?? []));
  return {
    fromHeaders: nonEmpty(
      headers.map((header) => {
        const [name, prefix = ''] = [header.text('name'), header.text('valuePrefix')];
        // Envoy looks for the token behind whatever parts it from a word.
        return { name, prefix: /\w$/.test(prefix) ? `${prefix} ` : prefix };
      }),
    ),
    fromParams: named('queryParam'),
    fromCookies: named('cookie'),
    forwardOriginalToken: headers.map((header) => header.flag('forward')).includes(true),
  };
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}
