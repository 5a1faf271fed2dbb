/** Owns building the admin UI into `dist/ui/`. */
import { join } from 'node:path';
import { build } from 'vite';
import { replaceFolder } from './swap.ts';

const root = join(import.meta.dirname, '..');
const ui = join(root, 'dist/ui');

export function buildUi(): Promise<void> {
  return replaceFolder(ui, async (outDir) => {
    const configFile = join(root, 'ui/vite.config.ts');
    await build({ configFile, logLevel: 'warn', build: { outDir } });
  });
}
