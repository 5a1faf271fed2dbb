/** Owns the Debian package. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from './node.ts';
import type { Release } from './release-facts.ts';
import { layOut, setTimes } from './tree.ts';

const run = promisify(execFile);
const own = join(import.meta.dirname, 'debian');
const scripts = ['postinst', 'prerm', 'postrm'];
const habits = { zshCompletions: 'usr/share/zsh/vendor-completions', changelog: debianChangelog };
const maintainer = 'Isthmus maintainers <isthmus@isthmus.example>';

/** Debian's names. */
export const debianArchitecture = { x64: 'amd64', arm64: 'arm64' } as const;

/** Writes the package to `output`; `compression` as dpkg-deb names it, default xz. */
export async function buildDeb(
  output: string,
  arch: Architecture,
  release: Release,
  compression: 'xz' | 'none' = 'xz',
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-deb-'));
  try {
    await chmod(dir, 0o755);
    await layOut(dir, arch, release, habits);
    const overrides = join(dir, 'usr/share/lintian/overrides');
    await mkdir(overrides, { recursive: true });
    await copyFile(join(own, 'lintian-overrides'), join(overrides, 'isthmus'));
    await putControl(dir, arch, release);
    await setTimes(dir, release.epoch);
    // One thread: where the input is cut would depend on how many there are.
    const how = [
      '--root-owner-group',
      `-Z${compression}`,
      '-z1',
      '--threads-max=1',
      '--build',
      dir,
      output,
    ];
    await run('dpkg-deb', how, {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(release.epoch) },
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function putControl(dir: string, arch: Architecture, release: Release): Promise<void> {
  const files = (await filesBelow(dir)).sort();
  const sums = await Promise.all(
    files.map(async (file) => `${await md5(join(dir, file))}  ${file}\n`),
  );
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(dir, file))).size));
  const control = (await readFile(join(own, 'control'), 'utf8'))
    .replace('@version@', release.version)
    .replace('@architecture@', debianArchitecture[arch])
    .replace('@maintainer@', maintainer)
    .replace('@size@', String(Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024)));
  const to = join(dir, 'DEBIAN');
  await mkdir(to);
  await writeFile(join(to, 'control'), control);
  await writeFile(join(to, 'conffiles'), '/etc/isthmus/gateway.yaml\n');
  await writeFile(join(to, 'md5sums'), sums.join(''));
  for (const name of scripts) {
    await copyFile(join(own, name), join(to, name));
    await chmod(join(to, name), 0o755);
  }
}

/** Regular files, by their paths from `dir`. */
async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}

/** As dpkg-parsechangelog(1) reads it: the entry of this release. */
function debianChangelog({ version, epoch, changes }: Release): string {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const items = changes
    .split(/^- /m)
    .filter(Boolean)
    .map((item) => item.replace(/\s+/g, ' ').trim());
  const lines = items.map((item) => `  * ${item.replace(/(.{1,72})(?: |$)/g, '$1\n    ').trim()}`);
  return `isthmus (${version}) stable; urgency=medium\n\n${lines.join('\n')}\n\n -- ${maintainer}  ${date}\n`;
}

async function md5(file: string): Promise<string> {
  return createHash('md5')
    .update(await readFile(file))
    .digest('hex');
}
