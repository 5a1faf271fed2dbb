/** Owns bringing this cluster's standing orders back where the registry lost them, or has older ones: it was wiped, or restored from a backup. */
import type { ClusterName, FederationName } from '../../../core/names.ts';
import type { DrillBoard } from '../../../federation/drills/board.ts';
import { encodeKey } from '../../../registry/keys.ts';
import type { Store } from '../../../registry/store.ts';

interface RestoringOptions {
  readonly store: Pick<Store, 'txn'>;
  readonly federation: FederationName;
  readonly self: ClusterName;
  readonly board: Pick<DrillBoard, 'unheld'>;
}

/** Writes them as they were signed, unless they went with their cluster; returns how many. Throws what the registry says. */
export async function restoreOrders(options: RestoringOptions): Promise<number> {
  const { store, federation, self: cluster, board } = options;
  const isMember = [
    { key: encodeKey(federation, { kind: 'clusters', cluster }), exists: true },
    { key: encodeKey(federation, { kind: 'departures', cluster }), exists: false },
  ];
  const own = board.unheld.filter(({ of }) => of === cluster);
  for (const { text: key, record } of own) {
    await store.txn(isMember, [{ op: 'put', key, value: JSON.stringify(record) }]);
  }
  return own.length;
}
