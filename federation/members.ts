/** Owns reading the members of a federation from the registry: those whose records are believed, as they are stored. */
import { asIsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { FederationName } from '../core/names.ts';
import { decodeKey, encodeKey, kindPrefix } from '../registry/keys.ts';
import type { Store, StoredValue } from '../registry/store.ts';
import type { MemberRecords } from './messages.ts';
import type { FederationTrust } from './trust.ts';

interface MembersOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly trust: FederationTrust;
  readonly log: Log;
}

/** Every cluster with a believed record and bundle. One that is not believed is left out, and the log says why. */
export async function believedMembers(options: MembersOptions): Promise<MemberRecords[]> {
  const { store, federation } = options;
  const bundles = await store.list(kindPrefix(federation, 'bundles'));
  const clusters = await store.list(kindPrefix(federation, 'clusters'));
  const believed = new Map<string, string>();
  for (const stored of [...bundles.values, ...clusters.values]) {
    const text = believedText(options, stored);
    if (text !== undefined) believed.set(stored.key, text);
  }
  return clusters.values.flatMap(({ key }) => {
    const owner = decodeKey(federation, key);
    if (owner.kind !== 'clusters') return [];
    const clusterRecord = believed.get(key);
    const bundleRecord = believed.get(
      encodeKey(federation, { kind: 'bundles', cluster: owner.cluster }),
    );
    return clusterRecord && bundleRecord ? [{ clusterRecord, bundleRecord }] : [];
  });
}

function believedText(options: MembersOptions, { key, value }: StoredValue): string | undefined {
  try {
    const text = new TextDecoder().decode(value);
    options.trust.verify(decodeKey(options.federation, key), key, JSON.parse(text));
    return text;
  } catch (thrown) {
    options.log.warn({ err: asIsthmusError(thrown), where: key }, 'a record is not believed');
    return undefined;
  }
}
