/** Owns writing a file so that it is there whole and durable, or not at all. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IsthmusError, messageOf } from '../core/errors.ts';

/** Replaces `path` with `text`. Throws FILE_UNWRITABLE, leaving what was there. */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    // What an interrupted write left behind would keep its old mode.
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw new IsthmusError('FILE_UNWRITABLE', {
      what: `Cannot write the file: ${messageOf(cause)}`,
      where: path,
      cause,
    });
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
