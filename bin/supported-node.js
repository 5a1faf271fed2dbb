/**
 * Owns which Node.js may run Isthmus: 26.5.1 or later, not a prerelease, and not with HTTP parsing weakened.
 *
 * Node.js below 22.23.2, 24.18.1 and 26.5.1 lacks security fixes that matter to a proxy. Of these three lines only 26
 * is tested, so there is one minimum. Plain JavaScript that Node.js 14 can read, since it runs on whatever there is.
 */

export const minimumNode = '26.5.1';

/** True when `version` (`26.10.0`, or with a leading `v`) is a release at or above the minimum. */
export function isSupportedNode(version) {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (match === null) return false;
  const minimum = minimumNode.split('.').map(Number);
  for (let part = 0; part < 3; part++) {
    const difference = Number(match[part + 1]) - minimum[part];
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const refused = ['--insecure-http-parser', '--max-http-header-size'];

/**
 * The flags among `execArgv` and in `nodeOptions` (the NODE_OPTIONS variable) that weaken HTTP parsing.
 * Node.js reads `_` in a flag as `-`, and `--flag=value` as `--flag value`.
 */
export function refusedFlags(execArgv, nodeOptions = '') {
  const given = execArgv.concat(nodeOptions.split(/[\s"]+/));
  const names = given.map((flag) => flag.split('=')[0].replace(/_/g, '-'));
  return refused.filter((flag) => names.includes(flag));
}
