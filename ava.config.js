/** Owns how the tests run: what is built for them, how many files at a time, and in which order. */
import { availableParallelism } from 'node:os';
import { buildWhatIsMissing } from './build/missing.ts';

// Gateways and commands in tests are the build.
await buildWhatIsMissing();

/** Folders whose files run real federations: they take longest, and wait for them part of their time. */
const longest = ['/test/drills/', '/test/terraform/', '/test/ui/', '/test/e2e/'];

/** @param {string} file */
function rank(file) {
  const place = longest.findIndex((folder) => file.replaceAll('\\', '/').includes(folder));
  return place === -1 ? longest.length : place;
}

export default {
  extensions: ['ts'],
  files: ['test/**/*.test.ts'],
  // It is one of the source as it is now, and no start needs to find that out again.
  environmentVariables: { ISTHMUS_SOURCE: '0' },
  timeout: '2m',
  concurrency: availableParallelism() + 1,
  // A process for each file: one that holds them all grows to 700 MB, and stands still for 50 ms whenever it starts another.
  workerThreads: false,
  /**
   * What is quick comes last, so that no processor waits for one long file at the end.
   * @param {string} a
   * @param {string} b
   */
  sortTestFiles: (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
};
