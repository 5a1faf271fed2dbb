/** Owns the programs the benchmark needs: installs them from Debian's packages as root, else says what to install. */
import { spawnSync } from 'node:child_process';
import { installMissing, type Needed } from '../packages.ts';

const needed: Needed = [
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['wrk', 'wrk'],
  ['h2load', 'nghttp2-client'],
  ['taskset', 'util-linux'],
];

/** Throws, naming the packages, when something is missing and can't be installed. */
export function preparePrograms(): void {
  if (process.platform !== 'linux') throw new Error('The benchmark reads /proc: run it on Linux.');
  const missing = installMissing(needed);
  if (missing.length > 0) {
    throw new Error(
      `The benchmark needs these Debian packages: sudo apt-get install ${missing.join(' ')}`,
    );
  }
}

/** The versions that the other programs tell, for the report. */
export function otherVersions(): Record<'nginx' | 'haproxy', string> {
  return {
    nginx: numberIn(['nginx', '-v']),
    haproxy: numberIn(['haproxy', '-v']),
  };
}

function numberIn([command = '', ...args]: readonly string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown';
}
