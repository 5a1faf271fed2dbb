/** Owns the single file: Node.js with the package's files in it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packedFiles } from './packed-files.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, 'executable/main.js');

/** Writes the single file to `output`, of a build of Node.js that need not run here; it must be of the version that runs this. */
export async function buildExecutable(output: string, node: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-executable-'));
  try {
    const config = join(dir, 'config.json');
    const assets = Object.fromEntries((await packedFiles()).map(({ name, path }) => [name, path]));
    await writeFile(
      config,
      JSON.stringify({
        main,
        mainFormat: 'module',
        executable: node,
        output,
        useVfs: true,
        disableExperimentalSEAWarning: true,
        // Flags of Node.js are its users' by NODE_OPTIONS, and `isthmus` has flags of its own.
        execArgvExtension: 'env',
        assets,
      }),
    );
    await run(process.execPath, ['--build-sea', config], { cwd: dir });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
