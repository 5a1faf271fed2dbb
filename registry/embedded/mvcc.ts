/** Owns etcd's data model over SQLite: every change of every key under one counter of revisions, until compacted. */
import { status } from '@grpc/grpc-js';
import { etcdTexts } from '../etcd-errors.ts';
import type { Database } from './database.ts';
import { type KeyRange, type KeyValue, type KvEvent, RpcError } from './rpc.ts';

interface RangeOptions {
  /** State as of this revision; 0 is now. */
  readonly revision?: number;
  /** 0 is no limit. */
  readonly limit?: number;
  readonly countOnly?: boolean;
}

/** Changes inside one transaction; all share its revision, in order. */
export interface Writer {
  /** Returns the value before, if any. */
  put(key: Buffer, value: Buffer, lease: string): KeyValue | undefined;
  /** Returns what was deleted. */
  delete(range: KeyRange): KeyValue[];
}

type Row = Record<string, unknown>;
type Committed = (revision: number, events: readonly KvEvent[]) => void;

export class Mvcc {
  readonly #database: Database;
  #revision: number;
  #compacted: number;
  #writing = false;
  /** Called after every commit that changed keys. */
  onCommit: Committed = () => {};

  constructor(database: Database) {
    this.#database = database;
    this.#revision = Number(database.meta('revision'));
    this.#compacted = Number(database.meta('compacted'));
  }

  /** The revision of the last change. Starts at 1, as in etcd. */
  get revision(): number {
    return this.#revision;
  }

  /** State before this revision is gone. */
  get compacted(): number {
    return this.#compacted;
  }

  /** Keys in order, and how many there are in all. Throws etcd's errors for a revision that is gone or not reached. */
  range(range: KeyRange, options: RangeOptions = {}): { kvs: KeyValue[]; count: number } {
    const { revision = 0, limit = 0, countOnly = false } = options;
    this.#checkRevision(revision);
    const past = revision > 0 && (revision < this.#revision || this.#writing);
    const { where, bounds } = condition(range);
    // At a past revision a key's state is its last change up to then.
    const from = past
      ? `FROM history WHERE ${where} AND mod = (SELECT max(mod) FROM history AS h WHERE h.key = history.key AND h.mod <= ?) AND NOT deleted`
      : `FROM current JOIN history USING (row) WHERE ${where.replaceAll('key', 'current.key')}`;
    const values = past ? [...bounds, revision] : bounds;
    const kvs = countOnly
      ? []
      : this.#database
          .prepare(`SELECT history.* ${from} ORDER BY ${past ? '' : 'current.'}key LIMIT ?`)
          .all(...values, limit > 0 ? limit : -1)
          .map(toKeyValue);
    if (!countOnly && (limit === 0 || kvs.length < limit)) return { kvs, count: kvs.length };
    const total = past
      ? `SELECT count(*) AS n ${from}`
      : `SELECT count(*) AS n FROM current WHERE ${where}`;
    return { kvs, count: Number(this.#database.prepare(total).get(...values)?.['n']) };
  }

  /** Runs `work` as one transaction: one revision if it changes anything, none if not; nothing if it throws. */
  write<T>(work: (writer: Writer) => T): T {
    const revision = this.#revision + 1;
    const events: KvEvent[] = [];
    this.#writing = true;
    let result: T;
    try {
      result = this.#transact(work, revision, events);
    } finally {
      this.#writing = false;
    }
    if (events.length > 0) {
      this.#revision = revision;
      this.onCommit(revision, events);
    }
    return result;
  }

  /**
   * Changes of `range` from revision `from` on, oldest first, and the revision up to which they are complete:
   * whole revisions, as many as it takes to reach `enoughBytes`.
   */
  changes(range: KeyRange, from: number, enoughBytes: number): { events: KvEvent[]; upTo: number } {
    const { where, bounds } = condition(range);
    const rows = this.#database
      .prepare(`SELECT * FROM history WHERE mod >= ? AND ${where} ORDER BY mod, sub`)
      .iterate(from, ...bounds);
    const events: KvEvent[] = [];
    let bytes = 0;
    let upTo = from;
    for (const row of rows) {
      const event = toEvent(row);
      if (bytes >= enoughBytes && event.kv.mod_revision > upTo) return { events, upTo };
      upTo = event.kv.mod_revision;
      bytes += event.kv.key.length + event.kv.value.length + perEventBytes;
      events.push(event);
    }
    return { events, upTo: this.#revision };
  }

  /** The key's value before its change at `revision`, unless compacted away. */
  before(key: Buffer, revision: number): KeyValue | undefined {
    const row = this.#database
      .prepare('SELECT * FROM history WHERE key = ? AND mod < ? ORDER BY mod DESC LIMIT 1')
      .get(key, revision);
    return row === undefined || row['deleted'] === 1 ? undefined : toKeyValue(row);
  }

  /** The keys under a lease, in order. */
  keysOf(lease: string): Buffer[] {
    return this.#database
      .prepare("SELECT key FROM current WHERE lease = ? AND lease <> '0' ORDER BY key")
      .all(lease)
      .map(({ key }) => bytes(key));
  }

  /**
   * Forgets what was overwritten or deleted before `revision`. Deletes at `revision` itself are kept, so that a
   * watch from there is complete.
   */
  compact(revision: number): void {
    if (revision <= this.#compacted) throw new RpcError(status.OUT_OF_RANGE, etcdTexts.compacted);
    if (revision > this.#revision) {
      throw new RpcError(status.OUT_OF_RANGE, etcdTexts.futureRevision);
    }
    const before = this.#compacted;
    this.#database.transact(() => {
      // Only changes since the last compaction can have made older rows superfluous.
      this.#database
        .prepare(
          `DELETE FROM history WHERE row IN (
             SELECT old.row FROM history AS new JOIN history AS old ON old.key = new.key AND old.mod < new.mod
             WHERE new.mod > ? AND new.mod <= ?)`,
        )
        .run(before, revision);
      this.#database
        .prepare('DELETE FROM history WHERE mod >= ? AND mod < ? AND deleted')
        .run(before, revision);
      this.#database.setMeta('compacted', revision);
    });
    this.#compacted = revision;
  }

  #transact<T>(work: (writer: Writer) => T, revision: number, events: KvEvent[]): T {
    return this.#database.transact(() => {
      const made = work({
        put: (key, value, lease) => this.#put(key, value, lease, revision, events),
        delete: (range) => this.#delete(range, revision, events),
      });
      if (events.length > 0) this.#database.setMeta('revision', revision);
      return made;
    });
  }

  #checkRevision(revision: number): void {
    if (revision > this.#revision) {
      throw new RpcError(status.OUT_OF_RANGE, etcdTexts.futureRevision);
    }
    if (revision > 0 && revision < this.#compacted) {
      throw new RpcError(status.OUT_OF_RANGE, etcdTexts.compacted);
    }
  }

  #put(key: Buffer, value: Buffer, lease: string, revision: number, events: KvEvent[]) {
    const [before] = this.range({ key, range_end: noEnd }).kvs;
    const kv: KeyValue = {
      key,
      create_revision: before?.create_revision ?? revision,
      mod_revision: revision,
      version: (before?.version ?? 0) + 1,
      value,
      lease,
    };
    const row = this.#record(kv, events.length, 0);
    this.#database
      .prepare(
        'INSERT INTO current VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET row = excluded.row, lease = excluded.lease',
      )
      .run(key, row, lease);
    events.push({ type: 'PUT', kv });
    return before;
  }

  #delete(range: KeyRange, revision: number, events: KvEvent[]): KeyValue[] {
    const { kvs } = this.range(range);
    for (const { key } of kvs) {
      const kv = { ...tombstone, key, mod_revision: revision };
      this.#record(kv, events.length, 1);
      this.#database.prepare('DELETE FROM current WHERE key = ?').run(key);
      events.push({ type: 'DELETE', kv });
    }
    return kvs;
  }

  #record(kv: KeyValue, sub: number, deleted: 0 | 1): number | bigint {
    return this.#database
      .prepare(
        'INSERT INTO history (key, mod, sub, created, version, lease, value, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        kv.key,
        kv.mod_revision,
        sub,
        kv.create_revision,
        kv.version,
        kv.lease,
        kv.value,
        deleted,
      ).lastInsertRowid;
  }
}

const noEnd = Buffer.alloc(0);
/** Octets that an event takes besides its key and value, roughly. */
const perEventBytes = 64;
/** The fields etcd gives for a deleted key. */
const tombstone = { create_revision: 0, version: 0, lease: '0', value: noEnd };

/** etcd's ranges as SQL over the column `key`. */
function condition({ key, range_end: end }: KeyRange): { where: string; bounds: Buffer[] } {
  if (end.length === 0) return { where: 'key = ?', bounds: [key] };
  if (isOpenEnd(end)) return { where: 'key >= ?', bounds: [key] };
  return { where: 'key >= ? AND key < ?', bounds: [key, end] };
}

/** True for the single zero byte that stands for "no end". */
export function isOpenEnd(end: Buffer): boolean {
  return end.length === 1 && end[0] === 0;
}

export function rangeHas({ key, range_end: end }: KeyRange, candidate: Buffer): boolean {
  if (end.length === 0) return key.equals(candidate);
  return candidate.compare(key) >= 0 && (isOpenEnd(end) || candidate.compare(end) < 0);
}

function toEvent(row: Row): KvEvent {
  return { type: row['deleted'] === 1 ? 'DELETE' : 'PUT', kv: toKeyValue(row) };
}

function toKeyValue(row: Row): KeyValue {
  return {
    key: bytes(row['key']),
    create_revision: Number(row['created']),
    mod_revision: Number(row['mod']),
    version: Number(row['version']),
    value: bytes(row['value']),
    lease: String(row['lease']),
  };
}

function bytes(value: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = value as Uint8Array<ArrayBuffer>;
  return Buffer.from(buffer, byteOffset, byteLength);
}
