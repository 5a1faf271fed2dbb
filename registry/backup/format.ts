/**
 * Owns the file that a backup is: lines of JSON. The first says of which federation and revision, the last how many keys there are and the
 * SHA-256 of all before it, so that a file that was cut short or changed is known for that.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import { federationPrefix } from '../keys.ts';
import { federationNameSchema } from '../model.ts';

export interface BackupRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

const headSchema = z.object({
  format: z.literal('isthmus-registry'),
  version: z.literal(1),
  federation: federationNameSchema,
  /** The registry's revision at which all of it was true. */
  revision: z.int().min(0),
  /** Wall milliseconds. */
  at: z.int().min(0),
});

type BackupHead = Pick<z.output<typeof headSchema>, 'federation' | 'revision' | 'at'>;

/** A value that is no UTF-8 is in base64. */
const recordSchema = z.union([
  z.strictObject({ key: z.string(), value: z.string() }),
  z.strictObject({ key: z.string(), base64: z.base64() }),
]);

const endSchema = z.strictObject({ keys: z.int().min(0), sha256: z.hex() });

/** The lines of a file, each with its end. */
export async function* backupLines(
  head: BackupHead,
  records: AsyncIterable<BackupRecord> | Iterable<BackupRecord>,
): AsyncGenerator<string> {
  const hash = createHash('sha256');
  const line = (content: object): string => {
    const text = `${JSON.stringify(content)}\n`;
    hash.update(text);
    return text;
  };
  let keys = 0;
  yield line({ format: 'isthmus-registry', version: 1, ...head });
  for await (const record of records) {
    keys += 1;
    yield line(written(record));
  }
  yield `${JSON.stringify({ keys, sha256: hash.digest('hex') })}\n`;
}

interface Backup extends BackupHead {
  readonly keys: number;
}

/** Reads all of a file, and tells what it is. Throws FILE_UNREADABLE, or BACKUP_INVALID for one that is not whole and as it was written. */
export async function inspectBackup(path: string): Promise<Backup> {
  let keys = 0;
  let head: BackupHead | undefined;
  for await (const item of read(path)) {
    if ('revision' in item) head = item;
    else keys += 1;
  }
  if (head === undefined) throw invalid(path, 'it is empty');
  return { ...head, keys };
}

/** The records of a file, in its order. Throws as `inspectBackup` does, once it comes to what is wrong. */
export async function* backupRecords(path: string): AsyncGenerator<BackupRecord> {
  for await (const item of read(path)) if ('key' in item) yield item;
}

async function* read(path: string): AsyncGenerator<BackupHead | BackupRecord> {
  const hash = createHash('sha256');
  let prefix: string | undefined;
  let keys = 0;
  let isOver = false;
  for await (const line of linesOf(path)) {
    if (isOver) throw invalid(path, 'something follows its end');
    const content = parsed(path, line);
    const end = endSchema.safeParse(content);
    if (end.success && prefix !== undefined) {
      if (end.data.keys !== keys || end.data.sha256 !== hash.digest('hex')) {
        throw invalid(path, 'its contents are not those that were written');
      }
      isOver = true;
      continue;
    }
    hash.update(`${line}\n`);
    if (prefix === undefined) {
      const head = headOf(path, content);
      prefix = federationPrefix(head.federation);
      yield head;
    } else {
      keys += 1;
      yield recordOf(path, content, prefix);
    }
  }
  if (!isOver) throw invalid(path, 'its end is missing');
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    const file = await open(path);
    yield* file.readLines();
  } catch (cause) {
    if (cause instanceof IsthmusError) throw cause;
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}

function parsed(path: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw invalid(path, 'it has a line that is no JSON');
  }
}

function headOf(path: string, content: unknown): BackupHead {
  const head = headSchema.safeParse(content);
  if (!head.success) throw invalid(path, 'its first line is not that of a backup of this version');
  const { federation, revision, at } = head.data;
  return { federation, revision, at };
}

function recordOf(path: string, content: unknown, prefix: string): BackupRecord {
  const record = recordSchema.safeParse(content);
  if (!record.success) throw invalid(path, 'it has a line that is no record');
  if (!record.data.key.startsWith(prefix)) {
    throw invalid(path, `it has a key of something else: ${record.data.key}`);
  }
  const { data } = record;
  const value = 'value' in data ? Buffer.from(data.value) : Buffer.from(data.base64, 'base64');
  return { key: data.key, value };
}

function written({ key, value }: BackupRecord): object {
  const text = Buffer.from(value).toString();
  const isText = Buffer.from(text).equals(value);
  return isText ? { key, value: text } : { key, base64: Buffer.from(value).toString('base64') };
}

function invalid(path: string, why: string): IsthmusError {
  return new IsthmusError('BACKUP_INVALID', {
    what: `The file is no good backup: ${why}`,
    where: path,
  });
}
