/** Owns writing records into a registry in batches, each compared before and read again after. */
import { IsthmusError } from '../../core/errors.ts';
import type { Compare, Store, StoredValue, WriteOp } from '../store.ts';
import type { BackupRecord } from './format.ts';

/** How many keys there were of each kind. */
export interface Outcome {
  /** Not there before. */
  readonly added: number;
  /** There, with another value. */
  readonly replaced: number;
  /** There already, with this value. */
  readonly same: number;
  /** There, with another value, and left so. */
  readonly left: number;
  /** Written, and changed by somebody else before it was read again. */
  readonly changedSince: number;
}

interface WriteOptions {
  readonly store: Pick<Store, 'getMany' | 'txn'>;
  /** Only counts. */
  readonly dryRun: boolean;
  /** Whether keys that hold something else are written; else they are left, and counted. */
  readonly replace: boolean;
}

const none: Outcome = { added: 0, replaced: 0, same: 0, left: 0, changedSince: 0 };

/** Well under etcd's limits of 128 operations and 1.5 MiB. */
const most = { keys: 64, bytes: 256 * 1024 };
const mostTries = 3;

/**
 * Has the registry hold the records, and reads each again. A key that somebody changes at the same time is compared anew. Throws
 * REGISTRY_CONFLICT where that goes on, or where a key that was written is not there; what was written before stays.
 */
export async function writeRecords(
  records: AsyncIterable<BackupRecord>,
  options: WriteOptions,
): Promise<Outcome> {
  let outcome = none;
  for await (const batch of batchesOf(records)) {
    outcome = sum(outcome, await writeBatch(batch, options));
  }
  return outcome;
}

async function* batchesOf(
  records: AsyncIterable<BackupRecord>,
): AsyncGenerator<readonly BackupRecord[]> {
  let batch: BackupRecord[] = [];
  let bytes = 0;
  for await (const record of records) {
    const size = record.key.length + record.value.length;
    if (batch.length === most.keys || (batch.length > 0 && bytes + size > most.bytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function writeBatch(
  batch: readonly BackupRecord[],
  { store, dryRun, replace }: WriteOptions,
): Promise<Outcome> {
  for (let tries = 1; tries <= mostTries; tries++) {
    const held = await store.getMany(batch.map(({ key }) => key));
    const differing = batch.flatMap((record, i) => {
      const there = held[i];
      return there && isSame(there, record) ? [] : [{ record, there }];
    });
    const others = differing.filter(({ there }) => replace || there === undefined);
    const added = others.filter(({ there }) => there === undefined).length;
    const counted = {
      ...none,
      added,
      replaced: others.length - added,
      same: batch.length - differing.length,
      left: differing.length - others.length,
    };
    if (dryRun || others.length === 0) return counted;
    const { succeeded, revision } = await store.txn(
      others.map(({ record: { key }, there }): Compare => {
        return there ? { key, modRevision: there.modRevision } : { key, exists: false };
      }),
      others.map(({ record }): WriteOp => ({ op: 'put', key: record.key, value: record.value })),
    );
    if (succeeded) {
      const written = others.map(({ record }) => record);
      return { ...counted, changedSince: await verified(written, revision, store) };
    }
  }
  throw new IsthmusError('REGISTRY_CONFLICT', {
    what: 'Others kept changing the keys that were to be written',
    where: batch[0]?.key,
  });
}

/** How many of the records are not as they were written at `revision` because somebody wrote or deleted them later. */
async function verified(
  records: readonly BackupRecord[],
  revision: number,
  store: WriteOptions['store'],
): Promise<number> {
  const held = await store.getMany(records.map(({ key }) => key));
  const others = records.filter((record, i) => {
    const there = held[i];
    if (there && isSame(there, record)) return false;
    if (there && there.modRevision <= revision) throw lost(record);
    return true;
  });
  return others.length;
}

function lost({ key }: BackupRecord): IsthmusError {
  return new IsthmusError('REGISTRY_CONFLICT', {
    what: 'The registry does not hold what it has confirmed to have written',
    where: key,
    fix: 'Look at the registry: `isthmus registry status`. Then run it again.',
  });
}

function isSame(there: StoredValue, { value }: BackupRecord): boolean {
  return Buffer.from(there.value).equals(value);
}

function sum(a: Outcome, b: Outcome): Outcome {
  return {
    added: a.added + b.added,
    replaced: a.replaced + b.replaced,
    same: a.same + b.same,
    left: a.left + b.left,
    changedSince: a.changedSince + b.changedSince,
  };
}
