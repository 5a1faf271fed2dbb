/** Owns which form of the program runs: the build, unless the source beside it has changed since. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');

/** Where `npm run build` puts the program. */
export const program = join(root, 'dist/program');

/**
 * In it, what it was built from: paths from the root, and when each was changed last. An installed package has no source, and none of
 * this.
 */
export const inputsFile = 'inputs.json';

/** Whether there is a build, and it is one of the source as it is now. */
export function isCurrent() {
  if (!existsSync(join(program, 'main.js'))) return false;
  const inputs = readInputs();
  return (
    inputs === undefined ||
    Object.entries(inputs).every(([path, changedAt]) => changedAt === lastChange(`${root}/${path}`))
  );
}

/** @returns {Record<string, number> | undefined} */
function readInputs() {
  try {
    return JSON.parse(readFileSync(join(program, inputsFile), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** When a file was changed last, in milliseconds; undefined where there is none. */
export function lastChange(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/**
 * The URL of the first module of a program: `built` in the folder of the build, or `source` from the root. `ISTHMUS_SOURCE=1` has the
 * source run whatever there is, `ISTHMUS_SOURCE=0` the build, without a look at what has changed.
 */
export function moduleOf(built, source) {
  const { ISTHMUS_SOURCE: asked } = process.env;
  const isBuilt = asked === '0' || (asked !== '1' && isCurrent());
  return pathToFileURL(isBuilt ? join(program, built) : join(root, source)).href;
}
