/** Owns what `npm run check` looks at beside types and lint: exports that nobody needs, folders that nobody described, and pages that are not as their schemas are. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { outdatedPages } from '../docs/reference/pages.ts';
import { unusedExports } from './exports.ts';
import { undescribedFolders } from './folders.ts';

const list = ['ls-files', '--cached', '--others', '--exclude-standard'];
const paths = execFileSync('git', list, { encoding: 'utf8' }).split('\n').filter(existsSync);
const modules = paths.filter((path) => /\.[jt]sx?$/.test(path) && !path.endsWith('.d.ts'));
const texts = new Map(modules.map((path) => [path, readFileSync(path, 'utf8')]));

const faults = [
  ...unusedExports(texts).map(
    ({ file, line, name, isTested }) =>
      `${file}:${line} exports ${name}, which ${isTested ? 'only tests use' : 'no other file imports'}`,
  ),
  ...outdatedPages().map(
    (page) => `docs/reference/${page} is not as the schema is: run npm run docs:reference`,
  ),
  ...undescribedFolders(readFileSync('CONTRIBUTING.md', 'utf8'), paths),
];
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
