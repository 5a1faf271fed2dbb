/** Owns the Node.js that packages bring: of this platform the one that npm has installed, of another the one the lockfile names. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { IsthmusError } from '../core/errors.ts';
import { root } from './packed-files.ts';

const run = promisify(execFile);

/** As Node.js calls them. */
export const architectures = ['x64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** The npm package that holds it. */
export function nodePackage(arch: Architecture): string {
  return `node-linux-${arch}`;
}

/** The folder of that package, fetched by npm where it is not installed, and kept. Throws FILE_UNREADABLE where it is not what the lockfile says. */
export async function nodeFolder(arch: Architecture): Promise<string> {
  const name = nodePackage(arch);
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, 'bin/node'))) return installed;
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  const kept = join(root, 'node_modules/.cache', `${name}-${version}`);
  if (!existsSync(kept)) await fetchPackage(`${name}@${version}`, integrity, kept);
  return kept;
}

async function fetchPackage(spec: string, integrity: string, folder: string): Promise<void> {
  const dir = `${folder}.${process.pid}`;
  await mkdir(dir, { recursive: true });
  try {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir, spec]);
    const [{ filename }] = JSON.parse(stdout);
    const tarball = join(dir, filename);
    const hash = createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64');
    if (`sha512-${hash}` !== integrity) {
      throw new IsthmusError('FILE_UNREADABLE', {
        what: `${spec} is not what package-lock.json says it is`,
        where: tarball,
        fix: 'See which registry npm asks: `npm config get registry`.',
      });
    }
    await run('tar', ['-xzf', tarball, '-C', dir]);
    await rename(join(dir, 'package'), folder);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
