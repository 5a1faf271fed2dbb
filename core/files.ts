/** Owns files of text: those that must never be seen half-written (temp file, fsync, rename, fsync of the folder), and reading what may be missing or secret. */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { IsthmusError, messageOf } from './errors.ts';

/** Numbers the temporary files of this process, so that two writers of one path never share one. */
let serial = 0;
/** Paths whose leftovers of earlier processes, killed while they wrote, have been removed. */
const tidied = new Set<string>();

/**
 * Replaces `path` atomically, by all of `data` or, when that comes in pieces, by all of them; creates its folder
 * (0700). Throws FILE_UNWRITABLE, and leaves nothing behind then.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | AsyncIterable<string | Uint8Array>,
  mode = 0o600,
): Promise<void> {
  serial += 1;
  const temporary = `${path}.${process.pid}.${serial}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await removeLeftovers(path);
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // The first failure is the one to tell.
    throw new IsthmusError('FILE_UNWRITABLE', { what: messageOf(cause), where: path, cause });
  }
}

/** Removes a file, if it is there. Throws FILE_UNWRITABLE. */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw new IsthmusError('FILE_UNWRITABLE', { what: messageOf(cause), where: path, cause });
  }
}

async function removeLeftovers(path: string): Promise<void> {
  if (tidied.has(path)) return;
  tidied.add(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const isOurs = name.startsWith(`${prefix}${process.pid}.`);
    if (!name.startsWith(prefix) || !name.endsWith('.tmp') || isOurs) continue;
    await rm(join(dirname(path), name), { force: true });
  }
}

/** Makes a rename in `dir` survive a power cut. Windows has no such call, and refuses to open a folder. */
async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dir);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Reads a text file; undefined when there is none. Throws FILE_UNREADABLE for anything else. */
export async function readFileIfAny(path: string): Promise<string | undefined> {
  return (await readBytesIfAny(path))?.toString();
}

/** The same of any file, as it is. */
export async function readBytesIfAny(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}

/** The text of a file that holds a secret, or belongs to one. Throws FILE_UNREADABLE. */
export async function readSecret(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}
