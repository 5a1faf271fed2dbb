#!/usr/bin/env node
/**
 * Owns the start of the `isthmus` command on any Node.js from 14.18 up: on a supported one it runs the program, on another
 * it runs itself again on the pinned one. The rule is in `supported-node.js`.
 */
import { fileURLToPath } from 'node:url';
import { moduleOf } from './build.js';
import { keepCompiled } from './compile-cache.js';
import { endWithLauncher, findPinnedNode, pinnedPackage, runOn } from './pinned-node.js';
import { isSupportedNode, minimumNode, refusedFlags } from './supported-node.js';

/**
 * @param {string} what
 * @param {string} fix
 */
function refuse(what, fix) {
  process.stderr.write(`error NODE_UNSUPPORTED: ${what} (${process.execPath})\n  fix: ${fix}\n`);
  process.exitCode = 1;
}

const unsafe = refusedFlags(process.execArgv, process.env.NODE_OPTIONS);
const pinned = isSupportedNode(process.version) ? undefined : findPinnedNode();

if (unsafe.length > 0) {
  refuse(
    `Node.js was started with ${unsafe.join(' and ')}, which lets ambiguous HTTP through`,
    'Remove it from the command line and from NODE_OPTIONS.',
  );
} else if (isSupportedNode(process.version)) {
  endWithLauncher();
  keepCompiled();
  const { main } = await import(moduleOf('main.js', 'cli/main.ts'));
  process.exitCode = await main(process.argv.slice(2));
} else if (pinned !== undefined) {
  runOn(pinned, fileURLToPath(import.meta.url), (error) =>
    refuse(`The pinned Node.js at ${pinned} can't be started: ${error.message}`, 'Run `npm ci`.'),
  );
} else if (pinnedPackage === undefined) {
  refuse(
    `Isthmus needs Node.js ${minimumNode} or later and this is ${process.version}; none comes along for ${process.platform} on ${process.arch}`,
    `Install Node.js ${minimumNode} or later from https://nodejs.org.`,
  );
} else {
  refuse(
    `Isthmus needs Node.js ${minimumNode} or later and this is ${process.version}; the pinned one would be in node_modules/${pinnedPackage} and is not there`,
    'Run `npm ci` without --omit=optional, or install that Node.js from https://nodejs.org.',
  );
}
