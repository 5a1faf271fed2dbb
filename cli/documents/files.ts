/** Owns which texts `-f` names: files, standard input, and folders with their documents in order of name. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import type { Cli } from '../cli.ts';
import { readText, type Written } from '../written.ts';

const extensions = new Set(['.yaml', '.yml', '.json']);

/** In the order in which they were named; a file that is named twice is read once. Throws FILE_UNREADABLE. */
export async function readFiles(
  cli: Cli,
  named: readonly string[],
  isRecursive: boolean,
): Promise<readonly Written[]> {
  const paths = new Set<string>();
  for (const path of named) {
    for (const file of await filesOf(path, isRecursive)) paths.add(file);
  }
  const texts: Written[] = [];
  for (const path of paths) texts.push(await readText(cli, path));
  return texts;
}

async function filesOf(path: string, isRecursive: boolean): Promise<readonly string[]> {
  if (path === '-') return [path];
  const what = await stat(path).catch(() => undefined);
  return what?.isDirectory() ? filesIn(path, isRecursive) : [path];
}

/** A link to a file is a file, as configuration that is mounted into a container has them; a link to a folder is not followed. */
async function filesIn(folder: string, isRecursive: boolean): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: folder, cause });
  });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (isRecursive) files.push(...(await filesIn(path, true)));
    } else if (extensions.has(extname(entry.name))) {
      const isFile = entry.isFile() || (await stat(path).catch(() => undefined))?.isFile();
      if (isFile) files.push(path);
    }
  }
  return files;
}
