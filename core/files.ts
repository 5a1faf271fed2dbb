/** Owns files that must never be seen half-written: temp file, fsync, rename, fsync of the folder. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IsthmusError, messageOf } from './errors.ts';

/** Numbers the temporary files of this process, so that two writers of one path never share one. */
let serial = 0;

/**
 * Replaces `path` atomically, by all of `data` or, when that comes in pieces, by all of them; creates its folder
 * (0700). Throws FILE_UNWRITABLE, and leaves nothing behind then.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | AsyncIterable<string>,
  mode = 0o600,
): Promise<void> {
  serial += 1;
  const temporary = `${path}.${process.pid}.${serial}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // The first failure is the one to tell.
    throw new IsthmusError('FILE_UNWRITABLE', { what: messageOf(cause), where: path, cause });
  }
}

/** Reads a text file; undefined when there is none. Throws FILE_UNREADABLE for anything else. */
export async function readFileIfAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}
