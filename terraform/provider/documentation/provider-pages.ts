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
    example,
  });
}

function example(path: string): string | undefined {
  const file = join(examplesFolder, path);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  // Policies of the whole federation are written as those of a cluster are: one example does for both.
  const [, folder = '', name = '', rest = ''] =
    /^(.*)isthmus_federation_(\w+)(.*)$/.exec(path) ?? [];
  const own = name === '' ? undefined : example(`${folder}isthmus_${name}${rest}`);
  return own
    ?.replaceAll(`isthmus_${name}`, `isthmus_federation_${name}`)
    .replaceAll(`.${name}`, `.federation_${name}`)
    .replaceAll(/isthmus get [\w-]+/g, '$& --federation');
}
