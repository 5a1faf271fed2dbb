/** Owns the licences of the libraries that are in the build: they ask to go along with every copy. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const isLicence = /^(licen[cs]e|notice|copying)/i;

/** The text of all, one after the other, for the files in `modules`. */
export function licences(modules: Iterable<string>): string {
  const folders = new Set([...modules].flatMap((file) => packageOf(file) ?? []));
  return [...folders].sort().map(licenceIn).join('\n\n');
}

/** Folder of the package that a file is of; undefined for one of ours. */
function packageOf(file: string): string | undefined {
  return /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function licenceIn(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isLicence.test(entry.name))
    .map((entry) => readFileSync(join(folder, entry.name), 'utf8').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}
