/** Owns the RPM package. */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from './node.ts';
import type { Release } from './release-facts.ts';
import { layOut } from './tree.ts';

const run = promisify(execFile);
const spec = join(import.meta.dirname, 'rpm/isthmus.spec');
const habits = {
  zshCompletions: 'usr/share/zsh/site-functions',
  changelog: ({ changes }: Release) => `${changes}\n`,
};

/** RPM's names. */
export const rpmArchitecture = { x64: 'x86_64', arm64: 'aarch64' } as const;

/** Nothing of the machine that makes it: no strip, no debug package, and the release's times. */
const macros = {
  debug_package: '%{nil}',
  __os_install_post: '%{nil}',
  _build_id_links: 'none',
  _buildhost: 'isthmus',
  use_source_date_epoch_as_buildtime: '1',
  clamp_mtime_to_source_date_epoch: '1',
  _binary_payload: 'w6.zstdio',
};

/** Writes the package to `output`. Needs rpmbuild. */
export async function buildRpm(
  output: string,
  arch: Architecture,
  release: Release,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-rpm-'));
  try {
    const tree = await mkdtemp(join(dir, 'tree-'));
    await chmod(tree, 0o755);
    await layOut(tree, arch, release, habits);
    const text = (await readFile(spec, 'utf8'))
      .replace('@version@', release.version)
      .replace('@tree@', tree);
    const to = join(dir, 'isthmus.spec');
    await writeFile(to, text);
    const defined = Object.entries({ ...macros, _topdir: dir }).flatMap(([name, value]) => [
      '--define',
      `${name} ${value}`,
    ]);
    const how = ['-bb', '--target', `${rpmArchitecture[arch]}-linux`, ...defined, to];
    await run('rpmbuild', how, {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(release.epoch) },
    });
    const made = await readdir(join(dir, 'RPMS'), { recursive: true });
    const name = made.find((path) => path.endsWith('.rpm')) ?? '';
    await copyFile(join(dir, 'RPMS', name), output);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
