/** Owns the keys of conditions: what of a request each of them names. */

export type ConditionKey =
  | { readonly of: 'header'; readonly name: string }
  /** A claim of the verified token, by the names that lead to it. */
  | { readonly of: 'claim'; readonly path: readonly string[] }
  | { readonly of: ConditionFact };

/** What a key names that has no name of its own in brackets. */
const facts = {
  'source.ip': 'ip',
  'remote.ip': 'remoteIp',
  'source.principal': 'principal',
  'source.namespace': 'namespace',
  'source.cluster': 'cluster',
  'request.auth.principal': 'requestPrincipal',
  'request.auth.audiences': 'audience',
  'request.auth.presenter': 'presenter',
  'destination.port': 'port',
} as const;

type ConditionFact = (typeof facts)[keyof typeof facts];

/** All that a key can be, for whoever has written another. */
export const conditionKeys: readonly string[] = [
  'request.headers[NAME]',
  'request.auth.claims[NAME]',
  ...Object.keys(facts),
];

const header = /^request\.headers\[([!#$%&'*+.^_`|~0-9a-z-]{1,128})\]$/i;
const claim = /^request\.auth\.claims((?:\[[^[\]]{1,256}\]){1,8})$/;

/** Undefined for a key that names nothing. */
export function readConditionKey(key: string): ConditionKey | undefined {
  if (Object.hasOwn(facts, key)) return { of: facts[key as keyof typeof facts] };
  const name = header.exec(key)?.[1];
  if (name !== undefined) return { of: 'header', name: name.toLowerCase() };
  const names = claim.exec(key)?.[1];
  return names === undefined ? undefined : { of: 'claim', path: names.slice(1, -1).split('][') };
}

/**
 * Whether a field is no word of the client's that a rule could go by: gateways say it themselves, or it says who called, for which
 * `source` and `remoteIpBlocks` have what is proven.
 */
export function isOfGateways(name: string): boolean {
  return (
    name === 'host' ||
    name === 'forwarded' ||
    name === 'x-real-ip' ||
    name.startsWith('x-forwarded-') ||
    name.startsWith('x-isthmus-')
  );
}
