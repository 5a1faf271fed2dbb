/** Owns what tests of the snapshot have in common: a builder, what it says in a few words, and changes of every kind. */
import { IsthmusError } from '../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import { parseServiceName } from '../../core/names.ts';
import type { RegistryKey } from '../../registry/keys.ts';
import type { RawChange } from '../../registry/record-reader.ts';
import { SnapshotBuilder } from '../../registry/snapshot-builder.ts';
import { acme, cart, dc1, dc2, exportRecord, keyOf } from './records.ts';

/** A builder that believes what `distrusted` does not name, and the revision it is at. */
export function build(own?: ClusterName) {
  const distrusted = new Set<string>();
  const builder = new SnapshotBuilder({
    federation: acme,
    ...(own && { cluster: own }),
    verify(_key, text) {
      if (!distrusted.has(text)) return;
      throw new IsthmusError('RECORD_UNSIGNED', { what: 'Not signed', where: text });
    },
  });
  let revision = 0;
  const apply = (...changes: RawChange[]) => builder.apply(changes, ++revision);
  const problems = () =>
    [...builder.problems].map(
      ([key, { code }]) => `${code} ${key.replace('/isthmus/v1/acme/', '')}`,
    );
  const endpoints = (service = cart) =>
    [...(builder.snapshot.services.get(service)?.endpoints.values() ?? [])].map(
      ({ record, orphaned }) => (orphaned ? `${record.id} orphaned` : record.id),
    );
  const offers = (cluster = dc2) =>
    [...builder.snapshot.services.values()]
      .filter(({ exports }) => exports.has(cluster))
      .map(({ service }) => service)
      .sort();
  return { builder, apply, distrusted, problems, endpoints, offers };
}

export function put(key: RegistryKey, record: object): RawChange {
  return { key: keyOf(key), value: JSON.stringify(record) };
}

export function gone(key: RegistryKey): RawChange {
  return { key: keyOf(key), value: undefined };
}

/** A departure, as the cluster itself writes it. */
export function left(cluster: ClusterName): RawChange {
  return put({ kind: 'departures', cluster }, { cluster, by: cluster, at: 1 });
}

export const clusterKey = (cluster = dc1): RegistryKey => ({ kind: 'clusters', cluster });
export const endpointKey = (id = 'cart-1', service = cart): RegistryKey => ({
  kind: 'endpoints',
  cluster: dc1,
  service,
  id,
});
export const gatewayKey = (id = 'g1'): RegistryKey => ({ kind: 'gateways', cluster: dc1, id });
export const exportKey = (cluster = dc2, service: ServiceName = cart): RegistryKey => ({
  kind: 'exports',
  cluster,
  service,
});

/** Services of dc2 by number, and the changes that offer and withdraw them. */
export const nth = (n: number) => parseServiceName(`s${n}.shop`);
export const offer = (n: number) => put(exportKey(dc2, nth(n)), exportRecord(dc2, nth(n)));
export const empty = (n: number) => put(exportKey(dc2, nth(n)), exportRecord(dc2, nth(n), []));
export const withdraw = (n: number) => gone(exportKey(dc2, nth(n)));
export const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
