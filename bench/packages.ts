/** Owns programs of others that benchmark and tests start: which are missing, and installing them from Debian's packages. */
import { spawnSync } from 'node:child_process';

/** A program, and the Debian package that has it. */
export type Needed = readonly (readonly [program: string, debianPackage: string])[];

/**
 * Installs what is missing, as root on Debian; elsewhere it installs nothing. Returns the packages that are still
 * missing.
 */
export function installMissing(needed: Needed): string[] {
  // Debian keeps servers where only root's shell looks.
  process.env['PATH'] += ':/usr/sbin:/sbin';
  const wanted = missing(needed);
  if (wanted.length === 0 || process.getuid?.() !== 0 || !isThere('apt-get')) return wanted;
  console.error(`installing ${wanted.join(' ')}`);
  install(wanted);
  return missing(needed);
}

function missing(needed: Needed): string[] {
  const packages = needed.filter(([program]) => !isThere(program)).map(([, name]) => name);
  return [...new Set(packages)];
}

export function isThere(program: string): boolean {
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
