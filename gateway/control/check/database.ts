/** Owns the look at etcd as a database: its size against the quota, its space alarm, and whether its history is compacted. */
import { errorCodes } from '../../../core/error-codes.ts';
import type { EtcdStore } from '../../../registry/etcd-store.ts';
import { error, type Finding, ok, warning } from './finding.ts';

export interface EtcdUnderCheck {
  readonly store: Pick<EtcdStore, 'database' | 'tells'>;
  /** A key that may be read. */
  readonly key: string;
  /** Why this gateway may not compact, where it had to. */
  readonly refusal: { readonly message: string } | undefined;
}

/** The quota of an etcd without `--quota-backend-bytes`; etcd before 3.6 does not tell the quota it was given. */
const defaultQuota = 2 * 1024 ** 3;
const largeShare = 0.8;
/** A federation that changes much writes so many revisions in hours; more of them are kept by nobody's wish. */
const mostRevisions = 10_000;

/** No findings where etcd does not answer: another finding says so. */
export async function database(
  { store, key, refusal }: EtcdUnderCheck,
  most = { bytes: largeShare * defaultQuota, revisions: mostRevisions },
): Promise<Finding[]> {
  try {
    const { sizeBytes, inUseBytes, revision, isFull } = await store.database();
    const takes = `etcd's database takes ${mebibytes(sizeBytes)}, ${mebibytes(inUseBytes)} of it in use`;
    const findings: Finding[] = [];
    if (isFull) {
      const what = `etcd has raised its space alarm and takes no writes: ${takes}`;
      findings.push(error('registry', 'REGISTRY_FULL', what, errorCodes.REGISTRY_FULL.fix));
    } else if (sizeBytes > most.bytes) {
      findings.push(
        warning(
          'registry',
          'REGISTRY_LARGE',
          `${takes}; without \`--quota-backend-bytes\` it stops taking writes at ${mebibytes(defaultQuota)}`,
          'What is not in use is given back by `etcdctl defrag`, one member after the other. See that history is compacted, or give etcd a larger quota.',
        ),
      );
    }
    if (revision > most.revisions && (await store.tells(key, revision - most.revisions))) {
      const why = refusal ? `, and this gateway may not: ${refusal.message}` : '';
      findings.push(
        warning(
          'registry',
          'REGISTRY_UNCOMPACTED',
          `etcd keeps the history of more than its last ${most.revisions} revisions: nobody compacts it${why}`,
          'Start etcd with `--auto-compaction-mode=periodic --auto-compaction-retention=1h`, or leave it to the gateways: `registry.etcd.compactAfter`.',
        ),
      );
    }
    return findings.length > 0
      ? findings
      : [ok('registry', 'REGISTRY_DATABASE_OK', `${takes}; it is not full`)];
  } catch {
    return [];
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0)} MiB`;
}
