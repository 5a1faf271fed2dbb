/** Owns replacing a folder of `dist/` as a whole: nobody meets half a build, nor the rest of another. */
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Has `fill` write into an empty folder, then puts that in the place of `folder`. */
export async function replaceFolder(
  folder: string,
  fill: (empty: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const empty = await mkdtemp(`${folder}-`);
  const old = `${empty}.old`;
  try {
    await fill(empty);
    await chmod(empty, 0o755);
    await rename(folder, old).catch(ignoreMissing);
    await rename(empty, folder);
  } finally {
    await rm(empty, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
