/** Owns what a cluster's role in an etcd is permitted. */
import type { ClusterName, FederationName } from '../../core/names.ts';
import { federationPrefix, kindPrefix, ownFolders, ownKeys } from '../keys.ts';
import { grantsPrefix, policiesPrefix, wholeFederation } from '../policy-keys.ts';
import { prefixEnd } from '../range.ts';

/**
 * What a cluster may do beside what all may. `admit`: make join tokens, admit clusters and evict them; `policies`: write policies of the
 * whole federation; `grants`: say who may, which is the founder's.
 */
export const rights = ['admit', 'policies', 'grants'] as const;
export type Right = (typeof rights)[number];

/** A permission on one key, or on all from `key` up to `end`. Keys of the layout are ASCII. */
export interface Permission {
  readonly type: 'Read' | 'Write' | 'Readwrite';
  readonly key: string;
  /** First key that is beyond the range; the empty text where the permission is on one key. */
  readonly end: string;
}

interface RoleOf {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  readonly rights: readonly Right[];
}

/**
 * All that the role of a cluster holds: to read its federation but for join tokens, as two ranges around those, so that kinds of records
 * which come later can be read as well; to write what is its own; and what its rights take. etcd knows no permission to create but not to
 * replace, so who admits others may write the records that make any cluster a member. Readers verify these by their signatures.
 */
export function permissionsOf({ federation, cluster, rights }: RoleOf): Permission[] {
  const root = federationPrefix(federation);
  const tokens = kindPrefix(federation, 'tokens');
  const own = (kind: string) => `${root}${kind}/${cluster}`;
  return [
    range('Read', root, tokens),
    range('Read', endOf(tokens), endOf(root)),
    ...ownKeys.map((kind) => oneKey('Readwrite', own(kind))),
    ...ownFolders.map((kind) => below('Readwrite', `${own(kind)}/`)),
    ...(rights.includes('admit') ? admitting({ federation, cluster }) : []),
    ...(rights.includes('policies')
      ? [below('Readwrite', policiesPrefix(federation, wholeFederation))]
      : []),
    ...(rights.includes('grants') ? [below('Readwrite', grantsPrefix(federation))] : []),
  ];
}

function admitting({ federation, cluster }: Omit<RoleOf, 'rights'>): Permission[] {
  const root = federationPrefix(federation);
  const policies = `${root}policies/`;
  const others = [...ownKeys, ...ownFolders].filter((kind) => kind !== 'policies');
  return [
    below('Readwrite', kindPrefix(federation, 'tokens', cluster)),
    ...others.map((kind) => below('Readwrite', `${root}${kind}/`)),
    // Those of all clusters, but for the federation's, which are in between.
    range('Readwrite', policies, `${policies}${wholeFederation}`),
    range('Readwrite', endOf(`${policies}${wholeFederation}`), endOf(policies)),
  ];
}

function oneKey(type: Permission['type'], key: string): Permission {
  return { type, key, end: '' };
}

function below(type: Permission['type'], prefix: string): Permission {
  return range(type, prefix, endOf(prefix));
}

function range(type: Permission['type'], key: string, end: string): Permission {
  return { type, key, end };
}

function endOf(prefix: string): string {
  return prefixEnd(prefix).toString();
}
