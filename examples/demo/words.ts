/** Owns what a shell knows the demo's places by, so that a page can name them though their ports are others each time. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adminOf, type Stage } from './stage.ts';

const bin = dirname(fileURLToPath(new URL('../../bin/isthmus.js', import.meta.url)));

/** Writes a file for a shell to read (`. FILE`), and resolves to its path: `isthmus`, and for each datacenter its proxy, `$dc1`, and its admin API, `$dc1_admin`. */
export async function writeWords(stage: Stage): Promise<string> {
  const file = join(stage.dir, 'words');
  const lines = [
    // The Node.js that runs the demo, whatever the machine's own is.
    `export PATH="${bin}:${dirname(process.execPath)}:$PATH"`,
    `export ISTHMUS_ADMIN=${adminOf(stage.dc('dc1'))}`,
    ...stage.datacenters.flatMap((one) => [
      `export ${one.name}=http://127.0.0.1:${one.outbound}`,
      `export ${one.name}_admin=${adminOf(one)}`,
    ]),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}
