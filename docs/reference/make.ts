/** Owns `npm run docs:reference`: writing the pages in this folder anew. */
import { globSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kindPages } from './pages.ts';

const here = import.meta.dirname;
for (const name of globSync('*.md', { cwd: here })) await rm(join(here, name));
for (const [name, text] of kindPages()) await writeFile(join(here, name), text);
