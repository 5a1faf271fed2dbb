/** Owns where policies live in the registry: all below `policies/<cluster>/`, under the cluster whose gateways go by them. */
import { IsthmusError } from '../core/errors.ts';
import { type ClusterName, type FederationName, isLabel } from '../core/names.ts';
import { federationPrefix } from './keys.ts';

/** A key below `policies/`. `cluster` wrote the policy and alone may write the key. */
export interface PolicyKey {
  readonly cluster: ClusterName;
  readonly namespace: string;
  /** In PascalCase; one that is not known here may come from a newer gateway. */
  readonly kind: string;
  readonly name: string;
}

const kindName = /^[A-Z][A-Za-z0-9]{0,62}$/;

/** The prefix of the policies of one cluster. Ends with a slash. */
export function policiesPrefix(federation: FederationName, cluster: ClusterName): string {
  return `${federationPrefix(federation)}policies/${cluster}/`;
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
  if (parts.length === 4 && [cluster, namespace, name].every(isLabel) && kindName.test(kind)) {
    return { cluster: cluster as ClusterName, namespace, kind, name };
  }
  throw new IsthmusError('RECORD_INVALID', {
    what: 'The key is not of the registry layout',
    where: text,
  });
}
