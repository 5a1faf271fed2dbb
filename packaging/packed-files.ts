/** Owns which files a package holds: those that run. Source maps stay in the npm package, where whoever wants traces of the source has them. */
import { glob } from 'node:fs/promises';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

interface PackedFile {
  /** Its path in the package, from the package's root. */
  readonly name: string;
  readonly path: string;
}

/** In the order of their names, which is the same everywhere. */
export async function packedFiles(): Promise<PackedFile[]> {
  const kinds = ['bin/isthmus', 'bin/*.js', 'dist/{program,ui}/**', 'package.json', 'LICENSE'];
  const found = await Array.fromAsync(glob(kinds, { cwd: root, withFileTypes: true }));
  return found
    .filter((entry) => entry.isFile() && !/\.map$|^inputs\.json$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: path.slice(root.length + 1), path }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
