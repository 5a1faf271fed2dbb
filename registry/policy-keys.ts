/** Owns where policies live in the registry: below `policies/<cluster>/` those of one cluster, below `policies/@/` the federation's, which the clusters write that `grants/policy` names. */
import { IsthmusError } from '../core/errors.ts';
import { type ClusterName, type FederationName, isLabel } from '../core/names.ts';
import { federationPrefix } from './keys.ts';

/** Stands for the whole federation where else a cluster is named: no cluster can be called so. */
export const wholeFederation = '@';

/** Whose gateways go by a policy. */
export type PolicyOwner = ClusterName | typeof wholeFederation;

/** A key below `policies/`. A cluster alone may write its own; the federation's may be written by those that its founder names. */
export interface PolicyKey {
  readonly cluster: PolicyOwner;
  readonly namespace: string;
  /** In PascalCase; one that is not known here may come from a newer gateway. */
  readonly kind: string;
  readonly name: string;
}

const kindName = /^[A-Z][A-Za-z0-9]{0,62}$/;

/** The prefix of the policies of one cluster, or of the federation. Ends with a slash. */
export function policiesPrefix(federation: FederationName, cluster: PolicyOwner): string {
  return `${federationPrefix(federation)}policies/${cluster}/`;
}

/** The prefix of the records that say who may write what. Ends with a slash. */
export function grantsPrefix(federation: FederationName): string {
  return `${federationPrefix(federation)}grants/`;
}

/** The key of the record that names the clusters that may write the federation's policies. */
export function policyGrantsKey(federation: FederationName): string {
  return `${grantsPrefix(federation)}policy`;
}

export function encodePolicyKey(federation: FederationName, key: PolicyKey): string {
  const { cluster, namespace, kind, name } = key;
  return `${policiesPrefix(federation, cluster)}${namespace}/${kind}/${name}`;
}

/** Reads a key back. Throws RECORD_INVALID for one that is not of this layout. */
export function decodePolicyKey(federation: FederationName, text: string): PolicyKey {
  const prefix = `${federationPrefix(federation)}policies/`;
  const parts = text.startsWith(prefix) ? text.slice(prefix.length).split('/') : [];
  const [cluster = '', namespace = '', kind = '', name = ''] = parts;
  const isOwner = cluster === wholeFederation || isLabel(cluster);
  if (parts.length === 4 && isOwner && [namespace, name].every(isLabel) && kindName.test(kind)) {
    return { cluster: cluster as PolicyOwner, namespace, kind, name };
  }
  throw new IsthmusError('RECORD_INVALID', {
    what: 'The key is not of the registry layout',
    where: text,
  });
}
