/** Owns `npm run verify:packages`: the artefacts of the last release, looked at and run by the systems they are for. As root, on Debian. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installMissing } from '../bench/packages.ts';
import { asIsthmusError, IsthmusError, messageOf } from '../core/errors.ts';
import { debianArchitecture } from './deb.ts';
import type { Architecture } from './node.ts';
import { root } from './packed-files.ts';
import { releaseOf } from './release-facts.ts';
import { rpmArchitecture } from './rpm.ts';
import { verifyDebInstalled, verifyDebLooksRight } from './verify/deb.ts';
import { verifyImage } from './verify/image.ts';
import { verifyRpm } from './verify/rpm.ts';

const needed = [
  ['lintian', 'lintian'],
  ['debootstrap', 'debootstrap'],
  ['rpm', 'rpm'],
  ['systemd-nspawn', 'systemd-container'],
  ['systemd-analyze', 'systemd'],
] as const;

/** Runs all that are asked for, and says how each went; what one prints stays. Resolves to how many failed. */
async function verify(wanted: readonly string[]): Promise<number> {
  const missing = installMissing(needed);
  if (missing.length > 0) {
    throw new IsthmusError('USAGE', {
      what: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed`,
      fix: `sudo apt-get install ${missing.join(' ')}`,
    });
  }
  const { version } = await releaseOf(process.env);
  const arch = process.arch as Architecture;
  const at = (name: string) => join(root, 'dist/release', name);
  const deb = at(`isthmus_${version}_${debianArchitecture[arch]}.deb`);
  if (!existsSync(deb)) {
    throw new IsthmusError('FILE_UNREADABLE', {
      what: 'There is no release to verify',
      where: deb,
      fix: `Make it: npm run release -- ${version}`,
    });
  }
  const checks: Readonly<Record<string, (dir: string) => Promise<void>>> = {
    'deb by lintian': () => verifyDebLooksRight(deb),
    'rpm by rpm': () => verifyRpm(at(`isthmus-${version}-1.${rpmArchitecture[arch]}.rpm`)),
    'image in a namespace': (dir) => verifyImage(at(`isthmus-${version}-oci-${arch}.tar`), dir),
    'deb under systemd': (dir) => verifyDebInstalled(deb, dir),
  };
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
    process.stdout.write(`\n== ${name}\n`);
    const dir = await mkdtemp(join(tmpdir(), 'isthmus-verify-'));
    try {
      await check(dir);
      process.stdout.write(`-- ${name}: good\n`);
    } catch (thrown) {
      failed++;
      process.stdout.write(`-- ${name}: FAILED: ${messageOf(thrown)}\n`);
    } finally {
      // What ended within may write for another moment.
      await rm(dir, { recursive: true, force: true, maxRetries: 20 });
    }
  }
  return failed;
}

try {
  process.exitCode = Math.min(1, await verify(process.argv.slice(2)));
} catch (thrown) {
  const { code, message, where, fix } = asIsthmusError(thrown);
  process.stderr.write(`error ${code}: ${message}${where ? ` (${where})` : ''}\n  fix: ${fix}\n`);
  process.exitCode = 1;
}
