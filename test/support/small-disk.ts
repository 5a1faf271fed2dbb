/** Owns small disks in tests, which can be filled: a folder becomes a file system of its own, as root on Linux alone. */
import { execFile } from 'node:child_process';
import { cp, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';

const run = promisify(execFile);

/** Why there can be none; undefined where there can. */
export const noSmallDisk =
  process.platform === 'linux' && process.getuid?.() === 0
    ? undefined
    : 'only root mounts a small disk, on Linux';

export interface SmallDisk {
  /** Takes up all room that is left. */
  fill(): Promise<void>;
  /** Gives that back. */
  free(): Promise<void>;
}

/** Has `dir` be on a disk of `mebibytes`, with what is in it, until the test ends. Nobody may be using it. */
export async function smallDisk(
  t: Pick<ExecutionContext, 'teardown'>,
  dir: string,
  mebibytes: number,
): Promise<SmallDisk> {
  const kept = `${dir}.kept`;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await cp(dir, kept, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', dir]);
  // Whoever still has files open there keeps them.
  t.teardown(() => run('umount', ['--lazy', dir]));
  await cp(kept, dir, { recursive: true });
  await rm(kept, { recursive: true });
  const ballast = join(dir, 'ballast');
  return {
    async fill() {
      const file = await open(ballast, 'a');
      try {
        for (let size = 1024 ** 2; size >= 1; size = Math.floor(size / 2)) await fillBy(file, size);
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast),
  };
}

async function fillBy(file: Awaited<ReturnType<typeof open>>, size: number): Promise<void> {
  const block = Buffer.alloc(size);
  try {
    for (;;) await file.appendFile(block);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
  }
}
