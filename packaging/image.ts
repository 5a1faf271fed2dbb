/** Owns the OCI image: made of the single file by the Dockerfile, without a daemon, a registry or a base image of others. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Release } from './release-facts.ts';

const run = promisify(execFile);
const dockerfile = join(import.meta.dirname, 'Dockerfile');
/** Debian's own packages, of this machine's mirror: those that the single file's libraries are in, and what the Dockerfile's commands need. */
const debootstrap = ['--variant=minbase', '--include=libatomic1,libstdc++6', 'bookworm'];

/** Writes an archive in OCI's layout to `output`. Needs buildah and debootstrap, and to be root. */
export async function buildImage(
  output: string,
  executable: string,
  release: Release,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-image-'));
  // Everything that buildah keeps goes with the folder.
  const buildah = async (...args: readonly string[]) => {
    const store = [
      '--root',
      join(dir, 'store'),
      '--runroot',
      join(dir, 'run'),
      '--storage-driver',
      'vfs',
    ];
    const { stdout } = await run('buildah', [...store, ...args], { maxBuffer: 64 << 20 });
    return stdout.trim();
  };
  try {
    const system = join(dir, 'system');
    await run('debootstrap', [...debootstrap, system, 'http://deb.debian.org/debian'], {
      maxBuffer: 64 << 20,
    });
    const container = await buildah('from', 'scratch');
    await buildah('add', '--quiet', container, system, '/');
    await buildah('commit', '--quiet', container, 'localhost/base');
    const context = await mkdtemp(join(dir, 'context-'));
    await copyFile(executable, join(context, basename(executable)));
    const values = { BASE: 'localhost/base', EXECUTABLE: basename(executable) };
    const given = Object.entries(values).flatMap(([name, value]) => [
      '--build-arg',
      `${name}=${value}`,
    ]);
    const name = `localhost/isthmus:${release.version}`;
    const how = [
      '--isolation=chroot',
      '--pull-never',
      `--timestamp=${release.epoch}`,
      '--file',
      dockerfile,
    ];
    await buildah('bud', '--quiet', ...how, ...given, '--tag', name, context);
    await buildah('push', '--quiet', name, `oci-archive:${output}:isthmus:${release.version}`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
