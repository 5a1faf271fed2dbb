/** Owns compressing each built file once, so that serving it costs nothing but reading. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const encodings = [
  ['.br', promisify(brotliCompress)],
  ['.gz', promisify(gzip)],
] as const;
/** Smaller files gain less than a packet. */
const threshold = 1024;

/** Leaves `FILE.br` and `FILE.gz` beside each file of a build that is worth it. */
export function compressFiles(): Plugin {
  let dir = '';
  return {
    name: 'compress-files',
    apply: 'build',
    configResolved({ root, build }) {
      dir = resolve(root, build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      await Promise.all(files.map(({ parentPath, name }) => compressed(join(parentPath, name))));
    },
  };
}

async function compressed(file: string): Promise<void> {
  const text = await readFile(file);
  if (text.length < threshold) return;
  await Promise.all(
    encodings.map(async ([ending, encode]) => writeFile(file + ending, await encode(text))),
  );
}
