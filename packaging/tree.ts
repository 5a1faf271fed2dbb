/** Owns the files that a package of a distribution installs, and where: laid out in a folder as they will lie in /. */
import { chmod, copyFile, lutimes, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bashCompletion } from '../cli/completion/bash.ts';
import { fishCompletion } from '../cli/completion/fish.ts';
import { placesOf } from '../cli/completion/places.ts';
import { zshCompletion } from '../cli/completion/zsh.ts';
import { createProgram } from '../cli/main.ts';
import { manualPage } from './manual.ts';
import { type Architecture, nodeFolder, nodePackage } from './node.ts';
import { packedFiles } from './packed-files.ts';
import type { Release } from './release-facts.ts';

/** What differs between distributions. */
interface Habits {
  readonly zshCompletions: string;
  /** What changed, in the form that the distribution's programs read. */
  changelog(release: Release): string;
}

const own = join(import.meta.dirname, 'files');
const program = 'usr/lib/isthmus';
const documents = 'usr/share/doc/isthmus';

/** Fills the empty folder `dir`. All times are the release's, so that the same source makes the same package. */
export async function layOut(
  dir: string,
  arch: Architecture,
  release: Release,
  habits: Habits,
): Promise<void> {
  const put = async (path: string, content: string | Buffer, mode = 0o644) => {
    const to = await makeRoom(dir, path);
    await writeFile(to, content);
    await chmod(to, mode);
  };
  const copy = async (path: string, from: string, mode = 0o644) => {
    const to = await makeRoom(dir, path);
    await copyFile(from, to);
    await chmod(to, mode);
  };
  for (const { name, path } of await packedFiles()) {
    // The licence is where the distribution has it.
    if (name === 'LICENSE') continue;
    await copy(`${program}/${name}`, path, name === 'bin/isthmus' ? 0o755 : 0o644);
  }
  const node = await nodeFolder(arch);
  await copy(
    `${program}/node_modules/${nodePackage(arch)}/bin/node`,
    join(node, 'bin/node'),
    0o755,
  );
  await copy(`${documents}/node-licence.txt`, join(node, 'LICENSE'));
  await copy(`${documents}/copyright`, join(own, 'copyright'));
  await put(`${documents}/changelog.gz`, compressed(habits.changelog(release)));
  await copy('etc/isthmus/gateway.yaml', join(own, 'gateway.yaml'));
  await copy('usr/lib/systemd/system/isthmus.service', join(own, 'isthmus.service'));
  await copy('usr/lib/sysusers.d/isthmus.conf', join(own, 'sysusers.conf'));
  await put(
    'usr/share/man/man1/isthmus.1.gz',
    compressed(await manualPage(release.version, release.date)),
  );
  const offered = placesOf((await createProgram(process, 'completion')).program);
  await put('usr/share/bash-completion/completions/isthmus', bashCompletion(offered));
  await put(`${habits.zshCompletions}/_isthmus`, zshCompletion(offered));
  await put('usr/share/fish/vendor_completions.d/isthmus.fish', fishCompletion(offered));
  await symlink('../lib/isthmus/bin/isthmus', await makeRoom(dir, 'usr/bin/isthmus'));
  await setTimes(dir, release.epoch);
}

async function makeRoom(dir: string, path: string): Promise<string> {
  const to = join(dir, path);
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  return to;
}

/** Without a name or a time in its head. */
function compressed(content: string | Buffer): Buffer {
  return gzipSync(content, { level: 9 });
}

/** Of everything below `dir`, and itself, in seconds since the epoch. */
export async function setTimes(dir: string, epoch: number): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await setTimes(path, epoch);
    else await lutimes(path, epoch, epoch);
  }
  await lutimes(dir, epoch, epoch);
}
