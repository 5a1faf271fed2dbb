/**
 * Owns what of a cluster's in the registry still rests on one of its roots: finding it, and signing anew what its writer does not sign
 * anew by itself.
 */
import type { Authority } from '../../../certs/authority.ts';
import type { ClusterName, FederationName } from '../../../core/names.ts';
import { drillsPrefix } from '../../../registry/drill-keys.ts';
import { encodeKey, kindPrefix } from '../../../registry/keys.ts';
import { grantsPrefix, policiesPrefix, wholeFederation } from '../../../registry/policy-keys.ts';
import { type Sealer, signRecord, verifyRecord, verifySeal } from '../../../registry/signing.ts';
import type { Store, StoredValue } from '../../../registry/store.ts';

interface SignedOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  readonly authority: Pick<Authority, 'sign' | 'bundle' | 'seal' | 'isSeal'>;
}

/** Records that nobody writes again by himself, unless they change. What the founder grants has a number, and is the grants' own to sign. */
function restingPrefixes({ federation, cluster }: SignedOptions): string[] {
  return [
    policiesPrefix(federation, cluster),
    policiesPrefix(federation, wholeFederation),
    kindPrefix(federation, 'departures'),
    `${drillsPrefix(federation)}${cluster}/`,
  ];
}

/**
 * Signs anew, by the root that signs now, what this cluster signed by another root of its bundle. Each record is replaced only where it is
 * still the one that was read. Returns how many. Throws what the store throws.
 */
export async function signAnew(options: SignedOptions): Promise<number> {
  const { store, authority } = options;
  let count = 0;
  for (const prefix of restingPrefixes(options)) {
    for (const { key, value, modRevision, lease } of (await store.list(prefix)).values) {
      const raw = parsed(value);
      if (raw === undefined || !isByFormer(options, key, raw)) continue;
      const { signature: _old, ...record } = raw as { signature?: unknown };
      const text = JSON.stringify(signRecord(key, record, authority));
      const put = { op: 'put', key, value: text, ...(lease !== '0' && { lease }) } as const;
      if ((await store.txn([{ key, modRevision }], [put])).succeeded) count++;
    }
  }
  return count;
}

/** Keys of the records that rest on a root of this cluster other than the one that signs now. Throws what the store throws. */
export async function restingOnFormer(options: SignedOptions): Promise<string[]> {
  const { store, federation, cluster } = options;
  const single = await store.getMany(
    (['clusters', 'bundles', 'synced'] as const).map((kind) =>
      encodeKey(federation, { kind, cluster }),
    ),
  );
  const prefixes = [
    ...restingPrefixes(options),
    grantsPrefix(federation),
    kindPrefix(federation, 'gateways', cluster),
    kindPrefix(federation, 'exports', cluster),
  ];
  const listed: StoredValue[] = single.flatMap((value) => value ?? []);
  for (const prefix of prefixes) listed.push(...(await store.list(prefix)).values);
  const signed = listed.filter(({ key, value }) => isByFormer(options, key, parsed(value)));
  const endpoints = await store.list(kindPrefix(federation, 'endpoints', cluster));
  const sealed = endpoints.values.filter(({ key, value }) =>
    isSealedByFormer(options, key, parsed(value)),
  );
  return [...signed, ...sealed].map(({ key }) => key);
}

function isByFormer({ authority }: SignedOptions, key: string, raw: object | undefined): boolean {
  const former = authority.bundle().roots.slice(1);
  if (raw === undefined || former.length === 0) return false;
  try {
    verifyRecord(key, raw, former);
    return true;
  } catch {
    return false; // By the root that signs now, by another cluster, or by nobody.
  }
}

function isSealedByFormer(
  { authority }: SignedOptions,
  key: string,
  raw: object | undefined,
): boolean {
  return isSealed(key, raw, authority) && !isSealed(key, raw, newest(authority));
}

/** Knows only the seal of the root that signs now. */
function newest(authority: Pick<Authority, 'seal'>): Sealer {
  const seal = (bytes: Uint8Array): string => authority.seal(bytes);
  return { seal, isSeal: (bytes, given) => seal(bytes) === given };
}

function isSealed(key: string, raw: object | undefined, sealer: Sealer): boolean {
  try {
    verifySeal(key, raw, sealer);
    return true;
  } catch {
    return false;
  }
}

function parsed(value: Uint8Array): object | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(value));
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined; // Readers report it as refused.
  }
}
