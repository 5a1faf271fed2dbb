/** Owns the registry's file: a SQLite database that one process holds, with every commit on disk before it is acknowledged. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { IsthmusError, messageOf } from '../../core/errors.ts';

/** "isth": tells our files from those of other programs (PRAGMA application_id). */
const applicationId = 0x69737468;
const schemaVersion = 1;

/**
 * `history` has a row for every change, `current` names the row of every key that exists. `sub` orders the
 * changes of one revision. Keys and values are bytes; leases are decimal strings ('0': none).
 */
const schema = `
  CREATE TABLE history (
    row INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    mod INTEGER NOT NULL,
    sub INTEGER NOT NULL,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease TEXT NOT NULL,
    value BLOB,
    deleted INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX history_by_key ON history (key, mod);
  CREATE UNIQUE INDEX history_by_revision ON history (mod, sub);
  CREATE TABLE current (
    key BLOB PRIMARY KEY,
    row INTEGER NOT NULL,
    lease TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX current_by_lease ON current (lease) WHERE lease <> '0';
  CREATE TABLE leases (id TEXT PRIMARY KEY, ttl INTEGER NOT NULL, owner TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('revision', 1), ('compacted', 0);
`;

/** SQLite result codes (sqlite.org/rescode.html). */
const busy = 5;
const corrupt = 11;
const full = 13;
const notADatabase = 26;

export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or creates `file`. Throws REGISTRY_FILE_LOCKED, REGISTRY_FILE_CORRUPT, REGISTRY_FULL or FILE_UNREADABLE. */
  constructor(file: string) {
    let sqlite: DatabaseSync | undefined;
    try {
      mkdirSync(dirname(file), { recursive: true });
      sqlite = new DatabaseSync(file, { timeout: 0 });
      // EXCLUSIVE: a second process is refused at once instead of serving the same revisions twice.
      // FULL: an acknowledged write survives power loss too, as in etcd; NORMAL would only survive a crash of the process.
      sqlite.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;',
      );
      prepare(sqlite, file);
      this.#sqlite = sqlite;
    } catch (thrown) {
      sqlite?.close();
      throw openError(thrown, file);
    }
  }

  /** A prepared statement, kept for the next time. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs `work` in one transaction: all of it is on disk when this returns, or none when it throws. */
  transact<T>(work: () => T): T {
    this.#sqlite.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#sqlite.exec('COMMIT');
      return result;
    } catch (thrown) {
      // A full disk makes SQLite roll back by itself.
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      throw thrown;
    }
  }

  meta(name: string): unknown {
    return this.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
  }

  setMeta(name: string, value: number | string): void {
    this.prepare(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ).run(name, value);
  }

  /** Size of the file in bytes: allocated, and in use. */
  size(): { readonly allocated: number; readonly used: number } {
    const page = this.#pragma('page_size');
    const pages = this.#pragma('page_count');
    return { allocated: page * pages, used: page * (pages - this.#pragma('freelist_count')) };
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }

  #pragma(name: string): number {
    return Number(this.prepare(`PRAGMA ${name}`).get()?.[name]);
  }
}

/** True for the error of a write that found the disk full. */
export function isDiskFull(thrown: unknown): boolean {
  return sqliteCode(thrown) === full;
}

function prepare(sqlite: DatabaseSync, file: string): void {
  sqlite.exec('BEGIN IMMEDIATE');
  const version = Number(sqlite.prepare('PRAGMA user_version').get()?.['user_version']);
  const owner = Number(sqlite.prepare('PRAGMA application_id').get()?.['application_id']);
  const tables = Number(sqlite.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (owner === 0 && version === 0 && tables === 0) {
    sqlite.exec(
      `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; ${schema}`,
    );
  } else if (owner !== applicationId || version !== schemaVersion) {
    throw new IsthmusError('REGISTRY_FILE_CORRUPT', {
      what: 'The file is a database of another program or version',
      where: file,
    });
  }
  sqlite.exec('COMMIT');
}

function openError(thrown: unknown, file: string): IsthmusError {
  if (thrown instanceof IsthmusError) return thrown;
  const code = sqliteCode(thrown);
  const details = { where: file, cause: thrown };
  if (code === busy) {
    return new IsthmusError('REGISTRY_FILE_LOCKED', {
      what: 'Another process has the registry file open',
      ...details,
    });
  }
  if (code === full) {
    return new IsthmusError('REGISTRY_FULL', {
      what: 'The disk is full: the registry file cannot be opened',
      fix: 'Make room on the disk; it is opened as soon as it can be.',
      ...details,
    });
  }
  if (code === corrupt || code === notADatabase) {
    return new IsthmusError('REGISTRY_FILE_CORRUPT', {
      what: `The registry file is damaged: ${messageOf(thrown)}`,
      ...details,
    });
  }
  return new IsthmusError('FILE_UNREADABLE', {
    what: `The registry file cannot be opened: ${messageOf(thrown)}`,
    ...details,
  });
}

function sqliteCode(thrown: unknown): number | undefined {
  const code = (thrown as { readonly errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
