/**
 * Owns the start of the single file: the package's files are mounted within it, and run as they do from a folder. Plain JavaScript, for it is
 * embedded as it is.
 */
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import workerThreads, { Worker } from 'node:worker_threads';

/**
 * What is mounted is seen by the main thread only, so a thread mounts what it needs for itself first: its program, and the files beside it that it
 * reads. The mount has the same path in all.
 */
const thread = `
const { basename, dirname } = require('node:path');
const { getAsset, getAssetKeys } = require('node:sea');
const [program, folder] = process.argv.splice(2, 2);
const files = require('node:vfs').create();
files.mkdirSync('/' + folder, { recursive: true });
for (const key of getAssetKeys()) {
  if (dirname(key) !== folder || !(key.endsWith('.proto') || basename(key) === program)) continue;
  files.writeFileSync('/' + key, Buffer.from(getAsset(key)));
}
import(files.mount() + '/' + folder + '/' + program);
`;
const threadFlags = ['--experimental-vfs', '--disable-warning=ExperimentalWarning'];

const root = import.meta.dirname;

workerThreads.Worker = class extends Worker {
  constructor(url, { execArgv = [], argv = [], ...options } = {}) {
    const [, folder, program] = /^(.*)\/([^/]+)$/.exec(fileURLToPath(url).slice(root.length + 1));
    super(thread, {
      ...options,
      eval: true,
      execArgv: [...threadFlags, ...execArgv],
      argv: [program, folder, ...argv],
    });
  }
};
syncBuiltinESMExports();

/** A gateway starts its successor, and the demo its gateways, as `node SCRIPT ARGUMENTS`. */
const launcher = 'bin/isthmus.js';
const [executable, , first = '', ...rest] = process.argv;
const isScript = first.startsWith(`${root}/`) || first.endsWith(`/${launcher}`);
const script = isScript
  ? first.replace(/^.*\/(?=bin\/isthmus\.js$)/, `${root}/`)
  : join(root, launcher);
process.argv = [executable, script, ...(isScript ? rest : process.argv.slice(2))];
await import(pathToFileURL(script).href);
