/** Owns the pages on this provider: what it offers, with the examples that are kept beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationAttributes } from '../connection/configuration.ts';
import { offered } from '../offered.ts';
import { pagesOf } from './pages.ts';

const root = join(import.meta.dirname, '..');
export const pagesFolder = join(root, 'docs');
export const examplesFolder = join(root, 'examples');

/** By their paths within `docs/`. */
export function providerPages(): ReadonlyMap<string, string> {
  return pagesOf({
    offer: offered,
    configuration: configurationAttributes,
    about: readFileSync(join(import.meta.dirname, 'about.md'), 'utf8').trim(),
    example(path) {
      const file = join(examplesFolder, path);
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    },
  });
}
