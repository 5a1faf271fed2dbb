/** Owns how the tests run: what is built for them, how many files at a time, and in which order. */
import { availableParallelism } from 'node:os';
import { buildWhatIsMissing } from './build/missing.ts';
import { sharing } from './test/together/files.ts';

// Gateways and commands in tests are the build.
await buildWhatIsMissing();

/** Folders whose files run longest: real federations, which wait for them part of their time, and those that share a process. */
const longest = ['/test/drills/', '/test/terraform/', '/test/ui/', '/test/e2e/', '/test/together/'];

/** @param {string} file */
function rank(file) {
  const place = longest.findIndex((folder) => file.replaceAll('\\', '/').includes(folder));
  return place === -1 ? longest.length : place;
}

/** Whoever names files gets each in a process of its own; `test/support/run.ts` sets this where it runs all. */
const left = process.env['ISTHMUS_TESTS_SHARE'] === '1' ? sharing('test') : ['test/together/**'];

export default {
  extensions: ['ts'],
  files: ['test/**/*.test.ts', ...left.map((files) => `!${files}`)],
  // It is one of the source as it is now, and no start needs to find that out again.
  environmentVariables: { ISTHMUS_SOURCE: '0' },
  timeout: '2m',
  // Those that run federations wait for them for much of their time.
  concurrency: availableParallelism() + 2,
  // A process for each file: one that holds them all grows to 700 MB, and stands still for 50 ms whenever it starts another.
  workerThreads: false,
  /**
   * What is quick comes last, so that no processor waits for one long file at the end.
   * @param {string} a
   * @param {string} b
   */
  sortTestFiles: (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
};
