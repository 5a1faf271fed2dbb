/** Owns the last good snapshot on disk: what a gateway serves from when it restarts with the registry down. */
import { IsthmusError, messageOf } from '../core/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../core/files.ts';
import type { FederationName } from '../core/names.ts';
import type { RawChange } from './snapshot-builder.ts';

/** Raises when the file's shape changes; a file of another version is refused, never guessed at. */
const version = 1;

interface Header {
  readonly version: number;
  readonly federation: string;
  readonly revision: number;
  readonly savedAt: number;
  readonly records: number;
}

export interface CachedSnapshot {
  readonly revision: number;
  /** Wall time in milliseconds when it was saved. */
  readonly savedAt: number;
  readonly records: readonly RawChange[];
}

/**
 * A file of JSON lines: a header, then `[key, record]` each. Written atomically, so that it is whole or
 * the one before; its header counts the records, so that a cut file is told apart.
 */
export class SnapshotCache {
  readonly #path: string;
  readonly #federation: FederationName;

  constructor(path: string, federation: FederationName) {
    this.#path = path;
    this.#federation = federation;
  }

  /** Saves all records. Throws FILE_UNWRITABLE; the file before stays. */
  async save(
    revision: number,
    savedAt: number,
    records: Iterable<readonly [string, object]>,
  ): Promise<void> {
    const lines: string[] = [];
    for (const record of records) lines.push(JSON.stringify(record));
    const header: Header = {
      version,
      federation: this.#federation,
      revision,
      savedAt,
      records: lines.length,
    };
    await writeFileAtomic(this.#path, `${[JSON.stringify(header), ...lines].join('\n')}\n`);
  }

  /** The last good snapshot; undefined when there is none. Throws CACHE_INVALID for a file that can't be believed. */
  async load(): Promise<CachedSnapshot | undefined> {
    const text = await readFileIfAny(this.#path);
    if (text === undefined) return undefined;
    try {
      const [first = '', ...lines] = text.trimEnd().split('\n');
      const header = JSON.parse(first) as Header;
      if (header.version !== version || header.federation !== this.#federation) {
        throw new Error(`it is of version ${header.version} and federation ${header.federation}`);
      }
      if (header.records !== lines.length) {
        throw new Error(`it has ${lines.length} records where ${header.records} were saved`);
      }
      const records = lines.map((line): RawChange => {
        const [key, record] = JSON.parse(line) as [string, object];
        return { key, value: JSON.stringify(record) };
      });
      return { revision: header.revision, savedAt: header.savedAt, records };
    } catch (cause) {
      throw new IsthmusError('CACHE_INVALID', {
        what: `The cached snapshot can't be used: ${messageOf(cause)}`,
        where: this.#path,
        cause,
      });
    }
  }
}
