/** Owns the programs the benchmark needs: installs them from Debian's packages as root, else says what to install. */
import { spawnSync } from 'node:child_process';

/** A program, and the Debian package that has it. */
const needed: readonly (readonly [program: string, debianPackage: string])[] = [
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['wrk', 'wrk'],
  ['h2load', 'nghttp2-client'],
  ['openssl', 'openssl'],
  ['taskset', 'util-linux'],
];

/** Throws, naming the packages, when something is missing and can't be installed. */
export function preparePrograms(): void {
  if (process.platform !== 'linux') throw new Error('The benchmark reads /proc: run it on Linux.');
  // Debian keeps servers where only root's shell looks.
  process.env['PATH'] += ':/usr/sbin:/sbin';
  const wanted = missing();
  if (wanted.length === 0) return;
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.error(`installing ${wanted.join(' ')}`);
    install(wanted);
  }
  const still = missing();
  if (still.length > 0) {
    throw new Error(
      `The benchmark needs these Debian packages: sudo apt-get install ${still.join(' ')}`,
    );
  }
}

/** What each peer says it is, for the report. */
export function peerVersions(): Record<'nginx' | 'haproxy', string> {
  return {
    nginx: numberIn(['nginx', '-v']),
    haproxy: numberIn(['haproxy', '-v']),
  };
}

function numberIn([command = '', ...args]: readonly string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown';
}

function missing(): string[] {
  return needed.filter(([program]) => !isThere(program)).map(([, debianPackage]) => debianPackage);
}

function isThere(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

function install(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const run = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (run.status !== 0) return;
  }
}
