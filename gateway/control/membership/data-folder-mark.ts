/** Owns telling a gateway from another one of the same id: by a mark that is made once and kept in its data folder. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readFileIfAny, writeFileAtomic } from '../../../core/files.ts';

const markPattern = /^[0-9a-f]{16}$/;

/** A file without a mark in it, damaged say, is replaced: it could stand in no record. Throws FILE_UNREADABLE or FILE_UNWRITABLE. */
export async function openMark(dataDir: string): Promise<string> {
  const path = join(dataDir, 'instance');
  const kept = (await readFileIfAny(path))?.trim();
  if (kept !== undefined && markPattern.test(kept)) return kept;
  const made = randomBytes(8).toString('hex');
  await writeFileAtomic(path, `${made}\n`);
  return made;
}
