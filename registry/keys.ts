/** Owns the layout of the registry's keys, both ways; what is below `drills/` is in `drill-keys.ts`, below `policies/` in `policy-keys.ts`. */
import { IsthmusError } from '../core/errors.ts';
import {
  type ClusterName,
  type FederationName,
  isLabel,
  type ServiceName,
  serviceParts,
} from '../core/names.ts';

/** A key, parsed. `kind` is the folder below `/isthmus/v1/<federation>/`. */
export type RegistryKey =
  | { readonly kind: 'clusters'; readonly cluster: ClusterName }
  | { readonly kind: 'bundles'; readonly cluster: ClusterName }
  | { readonly kind: 'gateways'; readonly cluster: ClusterName; readonly id: string }
  | {
      readonly kind: 'endpoints';
      readonly cluster: ClusterName;
      readonly service: ServiceName;
      readonly id: string;
    }
  | { readonly kind: 'exports'; readonly cluster: ClusterName; readonly service: ServiceName }
  | { readonly kind: 'synced'; readonly cluster: ClusterName }
  | { readonly kind: 'departures'; readonly cluster: ClusterName }
  | { readonly kind: 'tokens'; readonly cluster: ClusterName; readonly id: string };

type RegistryKind = RegistryKey['kind'];

/** Everything of every federation lives below this. */
export const registryRoot = '/isthmus/v1/';

export function federationPrefix(federation: FederationName): string {
  return `${registryRoot}${federation}/`;
}

/** The prefix of all records of a kind, or of those of one cluster. Ends with a slash. */
export function kindPrefix(
  federation: FederationName,
  kind: RegistryKind,
  cluster?: ClusterName,
): string {
  const base = `${federationPrefix(federation)}${kind}/`;
  return cluster === undefined ? base : `${base}${cluster}/`;
}

export function encodeKey(federation: FederationName, key: RegistryKey): string {
  const base = `${federationPrefix(federation)}${key.kind}/`;
  switch (key.kind) {
    case 'clusters':
    case 'bundles':
    case 'synced':
    case 'departures':
      return base + key.cluster;
    case 'gateways':
    case 'tokens':
      return `${base}${key.cluster}/${key.id}`;
    case 'endpoints': {
      const { namespace, service } = serviceParts(key.service);
      return `${base}${key.cluster}/${namespace}/${service}/${key.id}`;
    }
    case 'exports': {
      const { namespace, service } = serviceParts(key.service);
      return `${base}${key.cluster}/${namespace}/${service}`;
    }
  }
}

/** Reads a key back. Throws RECORD_INVALID for one that is not of this layout. */
export function decodeKey(federation: FederationName, text: string): RegistryKey {
  const prefix = federationPrefix(federation);
  const parts = text.startsWith(prefix) ? text.slice(prefix.length).split('/') : [];
  const [kind, a = '', b = '', c = '', d = ''] = parts;
  if (parts.slice(1).every(isLabel)) {
    const cluster = a as ClusterName;
    switch (`${kind}/${parts.length - 1}`) {
      case 'clusters/1':
      case 'bundles/1':
      case 'synced/1':
      case 'departures/1':
        return { kind: kind as 'clusters' | 'bundles' | 'synced' | 'departures', cluster };
      case 'gateways/2':
        return { kind: 'gateways', cluster, id: b };
      case 'endpoints/4':
        return { kind: 'endpoints', cluster, service: ofLabels(b, c), id: d };
      case 'exports/3':
        return { kind: 'exports', cluster, service: ofLabels(b, c) };
      case 'tokens/2':
        return { kind: 'tokens', cluster, id: b };
    }
  }
  throw new IsthmusError('RECORD_INVALID', {
    what: 'The key is not of the registry layout',
    where: text,
  });
}

/** As `serviceName`, of what are labels. */
function ofLabels(namespace: string, service: string): ServiceName {
  return `${service}.${namespace}` as ServiceName;
}

/** The cluster that owns a raw key of any federation, or undefined where no single cluster may write: tokens are their cluster's, and its registry says whether it may have any. */
export function ownerOf(key: string): string | undefined {
  const [, , , , kind, cluster] = key.split('/');
  return key.startsWith(registryRoot) && kind !== undefined && ownedKinds.has(kind)
    ? cluster
    : undefined;
}

/** Kinds of which a cluster has one key, `<kind>/<cluster>`. */
export const ownKeys = ['clusters', 'bundles', 'synced', 'departures'] as const;

/** Kinds of which a cluster has all below `<kind>/<cluster>/`. */
export const ownFolders = [
  'gateways',
  'endpoints',
  'exports',
  'acks',
  'drills',
  'policies',
] as const;

const ownedKinds = new Set<string>([...ownKeys, ...ownFolders]);
