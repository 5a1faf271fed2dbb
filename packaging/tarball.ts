/** Owns the npm package. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './packed-files.ts';

const run = promisify(execFile);

/** Writes it to `output`. npm gives all files in it the same time. */
export async function packNpm(output: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-npm-'));
  try {
    // Its scripts would build what is built.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: root });
    const [name = ''] = await readdir(dir);
    await copyFile(join(dir, name), output);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
