/** Owns the functions that put SPIFFE IDs together and take them apart. */
import { clusterOf, parseSpiffeId, parseTrustDomain } from '../../../certs/spiffe-id.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { ProviderFunction } from '../offer.ts';
import type { Attribute } from '../schema/attribute.ts';
import { atParameter } from './at-parameter.ts';

const text = { kind: 'string' } as const;

export const spiffeId: ProviderFunction = {
  name: 'spiffe_id',
  description: 'The SPIFFE ID of a path in a trust domain',
  parameters: [
    {
      name: 'trust_domain',
      description: 'Trust domain of a cluster: `<cluster>.<federation>`',
      shape: text,
    },
    {
      name: 'path',
      description: 'Path, such as `/gateway/gateway-1`; empty for the trust domain itself',
      shape: text,
    },
  ],
  returns: text,
  call(trustDomain, path) {
    const domain = atParameter('trust_domain', () => parseTrustDomain(String(trustDomain)));
    return atParameter('path', () => {
      if (path === '' || String(path).startsWith('/')) {
        return parseSpiffeId(`spiffe://${domain}${String(path)}`).uri;
      }
      throw new IsthmusError('SPIFFE_ID_INVALID', {
        what: `${JSON.stringify(path)} is not a path`,
        fix: 'Begin it with a slash, or leave it empty.',
      });
    });
  },
};

export const partsOfSpiffeId: ProviderFunction = {
  name: 'parse_spiffe_id',
  description:
    'The parts of a SPIFFE ID: an object of `trust_domain`, `path`, `cluster` and `federation`',
  parameters: [
    {
      name: 'id',
      description: 'SPIFFE ID, such as `spiffe://dc1.acme/gateway/gateway-1`',
      shape: text,
    },
  ],
  returns: {
    kind: 'object',
    attributes: {
      trust_domain: part('Trust domain'),
      path: part('Path in it: empty, or from its first slash on'),
      cluster: part('Cluster whose trust domain it is'),
      federation: part('Federation of that cluster; empty where the trust domain names none'),
    },
  },
  call(id) {
    const parsed = parseSpiffeId(String(id));
    const { trustDomain, path } = parsed;
    const cluster = clusterOf(parsed);
    const federation = trustDomain.slice(cluster.length + 1);
    return { trust_domain: trustDomain, path, cluster, federation };
  },
};

function part(description: string): Attribute {
  return { shape: text, setBy: 'computed', description };
}
