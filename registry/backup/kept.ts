/**
 * Owns what of a federation in a registry outlasts its gateways: all keys but those under a lease. What is under one (gateways, their
 * endpoints, join tokens) its owner writes by itself while it lives, and without its lease nothing would ever take it away.
 */
import type { FederationName } from '../../core/names.ts';
import type { PagedStore } from '../etcd-store.ts';
import { federationPrefix, kindPrefix } from '../keys.ts';
import { prefixEnd } from '../range.ts';
import type { StoredValue } from '../store.ts';

interface Kept {
  readonly revision: number;
  /** Ascending by key, all as of that revision. */
  readonly values: AsyncIterable<StoredValue>;
}

/** Any member may read it: join tokens are passed by. Throws what the store throws, as do the values. */
export async function keptOf(store: PagedStore, federation: FederationName): Promise<Kept> {
  const root = federationPrefix(federation);
  const { revision } = await store.list(kindPrefix(federation, 'departures'));
  return { revision, values: unleased(store, rangesOf(root, federation), revision) };
}

/** Whether the registry has nothing of a federation. */
export async function isEmpty(store: PagedStore, federation: FederationName): Promise<boolean> {
  for (const [from, end] of rangesOf(federationPrefix(federation), federation)) {
    for await (const page of store.pages(from, end)) if (page.length > 0) return false;
  }
  return true;
}

/** All of it around join tokens. */
function rangesOf(root: string, federation: FederationName): [from: Buffer, end: Buffer][] {
  const tokens = kindPrefix(federation, 'tokens');
  return [
    [Buffer.from(root), Buffer.from(tokens)],
    [prefixEnd(tokens), prefixEnd(root)],
  ];
}

async function* unleased(
  store: PagedStore,
  ranges: readonly (readonly [from: Buffer, end: Buffer])[],
  revision: number,
): AsyncGenerator<StoredValue> {
  for (const [from, end] of ranges) {
    for await (const page of store.pages(from, end, revision)) {
      yield* page.filter(({ lease }) => lease === '0');
    }
  }
}
