/** Owns what the tests need from the machine: installs it from Debian's packages as root, else says what to install. */
import { spawnSync } from 'node:child_process';

/** A program the tests start, and the Debian package that has it. */
const needed: readonly (readonly [program: string, debianPackage: string])[] = [
  ['etcd', 'etcd-server'],
  ['etcdctl', 'etcd-client'],
  ['curl', 'curl'],
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['nghttpd', 'nghttp2-server'],
  ['slowhttptest', 'slowhttptest'],
  ['chromium', 'chromium'],
  ['h2load', 'nghttp2-client'],
  ['prometheus', 'prometheus'],
  ['promtool', 'prometheus'],
];

// Debian keeps servers where only root's shell looks.
process.env['PATH'] += ':/usr/sbin:/sbin';

function missing(): string[] {
  const packages = needed
    .filter(([program]) => spawnSync('which', [program]).status !== 0)
    .map(([, debianPackage]) => debianPackage);
  return [...new Set(packages)];
}

function install(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const run = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (run.status !== 0) break;
  }
}

const wanted = missing();
if (wanted.length > 0) {
  if (process.getuid?.() === 0 && spawnSync('which', ['apt-get']).status === 0) {
    console.log(`installing ${wanted.join(' ')}`);
    install(wanted);
  }
  const still = missing();
  if (still.length > 0) {
    console.error(
      `The tests need these Debian packages: ${still.join(' ')}\nInstall them: sudo apt-get install ${still.join(' ')}`,
    );
    process.exit(1);
  }
}
