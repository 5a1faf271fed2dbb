/** Owns the last good snapshot on disk: what a gateway serves from when it restarts with the registry down. */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { readBytesIfAny, writeFileAtomic } from '../core/files.ts';
import type { FederationName } from '../core/names.ts';
import type { RawChange } from './record-reader.ts';
import type { Sealer } from './signing.ts';

/** Raises when the file's shape changes; a file of another version is refused, never guessed at. */
const version = 1;

/** First line of the file. */
interface Header {
  readonly version: number;
  readonly federation: string;
  readonly revision: number;
  readonly savedAt: number;
}

/** Last line of the file. */
interface Footer {
  readonly records: number;
  /** By the cluster's authority, over all lines before: the signatures in them were verified by a gateway that has its key. */
  readonly seal?: string;
}

/** Records written between two turns of the event loop, so that saving a large snapshot holds up nothing. */
const recordsPerTurn = 200;

interface CachedSnapshot {
  readonly revision: number;
  /** Wall time in milliseconds when it was saved. */
  readonly savedAt: number;
  readonly records: readonly RawChange[];
}

/**
 * A file of JSON lines: a header, then `[key, record]` each, then their count. Written atomically, so that it
 * is whole or the one before; a file that was cut all the same lacks its last line.
 */
export class SnapshotCache {
  readonly path: string;
  readonly #federation: FederationName;
  readonly #sealer: Sealer | undefined;

  /** `sealer`: whose seal tells that signatures were verified; without one they are when the file is taken up. */
  constructor(path: string, federation: FederationName, sealer?: Sealer) {
    this.path = path;
    this.#federation = federation;
    this.#sealer = sealer;
  }

  /** Saves all records. Throws FILE_UNWRITABLE; the file before stays. */
  async save(
    revision: number,
    savedAt: number,
    records: Iterable<readonly [string, object]>,
  ): Promise<void> {
    const header: Header = { version, federation: this.#federation, revision, savedAt };
    await writeFileAtomic(this.path, fileLines(header, records, this.#sealer));
  }

  /** The last good snapshot; undefined when there is none. Throws CACHE_INVALID for a file that can't be believed. */
  async load(): Promise<CachedSnapshot | undefined> {
    const bytes = await readBytesIfAny(this.path);
    if (bytes === undefined) return undefined;
    try {
      const end = bytes.lastIndexOf(lineBreak, bytes.length - 2) + 1;
      const [first = '', ...lines] = linesOf(bytes.subarray(0, end));
      const header = JSON.parse(first) as Header;
      const footer = JSON.parse(bytes.toString('utf8', end)) as Footer | null;
      if (header.version !== version || header.federation !== this.#federation) {
        throw new Error(`it is of version ${header.version} and federation ${header.federation}`);
      }
      if (footer?.records !== lines.length) throw new Error('it was cut short');
      const isProven = this.#isSealed(bytes.subarray(0, end), footer.seal);
      const records = lines.map((line) => readLine(line, isProven));
      return { revision: header.revision, savedAt: header.savedAt, records };
    } catch (cause) {
      throw new IsthmusError('CACHE_INVALID', {
        what: `The cached snapshot can't be used: ${messageOf(cause)}`,
        where: this.path,
        cause,
      });
    }
  }

  #isSealed(lines: Uint8Array, seal: string | undefined): boolean {
    if (this.#sealer === undefined || seal === undefined) return false;
    return this.#sealer.isSeal(sealedBytes(createHash('sha256').update(lines)), seal);
  }
}

const lineBreak = 0x0a;

/** No record's sealed bytes begin so. */
function sealedBytes(lines: Hash): Uint8Array {
  return Buffer.from(`snapshot\n${lines.digest('base64url')}`);
}

/** A string for each, of which none keeps the bytes of all. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(lineBreak, start);
    yield bytes.toString('utf8', start, end);
    start = end + 1;
  }
}

/** The record is parsed by whoever takes it up. */
function readLine(line: string, isProven: boolean): RawChange {
  const comma = line.indexOf('",') + 1;
  if (!/^\["[^"\\]*",\{/.test(line.slice(0, comma + 2)) || !line.endsWith('}]')) {
    throw new Error('it has a line that is not a key and its record');
  }
  return { key: line.slice(2, comma - 1), value: line.slice(comma + 1, -1), isProven };
}

async function* fileLines(
  header: Header,
  records: Iterable<readonly [string, object]>,
  sealer: Sealer | undefined,
): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256');
  let lines = `${JSON.stringify(header)}\n`;
  let count = 0;
  const digested = (): Uint8Array => {
    const bytes = Buffer.from(lines);
    lines = '';
    digest.update(bytes);
    return bytes;
  };
  for (const record of records) {
    lines += `${JSON.stringify(record)}\n`;
    if (++count % recordsPerTurn !== 0) continue;
    yield digested();
    await nextTurn();
  }
  yield digested();
  const seal = sealer?.seal(sealedBytes(digest));
  const footer: Footer = { records: count, ...(seal !== undefined && { seal }) };
  yield Buffer.from(`${JSON.stringify(footer)}\n`);
}
