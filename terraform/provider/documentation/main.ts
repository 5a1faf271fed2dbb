/** Owns `npm run docs:provider`: writing the pages on the provider anew. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pagesFolder, providerPages } from './provider-pages.ts';

const pages = providerPages();
await rm(pagesFolder, { recursive: true, force: true });
for (const [path, text] of pages) {
  const file = join(pagesFolder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
console.log(`${pages.size} pages in ${pagesFolder}`);
