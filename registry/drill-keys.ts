/** Owns where drills and standing orders live in the registry: all below `drills/<cluster>/`, under the cluster that gives them. */
import { IsthmusError } from '../core/errors.ts';
import {
  type ClusterName,
  type FederationName,
  isLabel,
  type ServiceName,
  serviceName,
  serviceParts,
} from '../core/names.ts';
import { federationPrefix } from './keys.ts';

/** A key below `drills/`. `cluster` gave the order and alone may write the key. */
export type DrillKey =
  /** A drill, from its creation on; it stays when it is over. */
  | { readonly kind: 'runs'; readonly cluster: ClusterName; readonly id: string }
  /** A drill's sign of life, which carries how far it is in force; gone with its driver. */
  | { readonly kind: 'beats'; readonly cluster: ClusterName; readonly id: string }
  /** A wish, by cluster `cluster`, that a drill end at once, whoever drives it. */
  | { readonly kind: 'aborts'; readonly cluster: ClusterName; readonly id: string }
  /** A report on a drill of another cluster, whose driver did not live to write its own. */
  | { readonly kind: 'reports'; readonly cluster: ClusterName; readonly id: string }
  /** The counts of one gateway; `id` is the gateway's. */
  | { readonly kind: 'measures'; readonly cluster: ClusterName; readonly id: string }
  /** An order to keep traffic off cluster `of`. */
  | { readonly kind: 'drains'; readonly cluster: ClusterName; readonly of: ClusterName }
  /** An order to send a service's traffic to one cluster. */
  | { readonly kind: 'failovers'; readonly cluster: ClusterName; readonly service: ServiceName }
  /** A drill that is run by the calendar. */
  | { readonly kind: 'schedules'; readonly cluster: ClusterName; readonly name: string };

/** The prefix of everything about drills in a federation. Ends with a slash. */
export function drillsPrefix(federation: FederationName): string {
  return `${federationPrefix(federation)}drills/`;
}

export function encodeDrillKey(federation: FederationName, key: DrillKey): string {
  const base = `${drillsPrefix(federation)}${key.cluster}/${key.kind}/`;
  switch (key.kind) {
    case 'runs':
    case 'beats':
    case 'aborts':
    case 'reports':
    case 'measures':
      return base + key.id;
    case 'drains':
      return base + key.of;
    case 'failovers': {
      const { namespace, service } = serviceParts(key.service);
      return `${base}${namespace}/${service}`;
    }
    case 'schedules':
      return base + key.name;
  }
}

/** Reads a key back. Throws RECORD_INVALID for one that is not of this layout. */
export function decodeDrillKey(federation: FederationName, text: string): DrillKey {
  const prefix = drillsPrefix(federation);
  const parts = text.startsWith(prefix) ? text.slice(prefix.length).split('/') : [];
  const [owner = '', kind, name = '', inner = ''] = parts;
  if (parts.every(isLabel)) {
    const cluster = owner as ClusterName;
    const shape = `${kind}/${parts.length - 2}`;
    if (/^(runs|beats|aborts|reports|measures)\/1$/.test(shape)) {
      return {
        kind: kind as 'runs' | 'beats' | 'aborts' | 'reports' | 'measures',
        cluster,
        id: name,
      };
    }
    if (shape === 'drains/1') return { kind: 'drains', cluster, of: name as ClusterName };
    if (shape === 'failovers/2') {
      return { kind: 'failovers', cluster, service: serviceName(name, inner) };
    }
    if (shape === 'schedules/1') return { kind: 'schedules', cluster, name };
  }
  throw new IsthmusError('RECORD_INVALID', {
    what: 'The key is not of the registry layout',
    where: text,
  });
}
