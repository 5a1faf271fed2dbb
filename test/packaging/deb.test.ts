/** Specifies the Debian package: what it installs, with which rights, that it runs as it is unpacked, and that it is the same each time. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { buildDeb } from '../../packaging/deb.ts';
import type { Architecture } from '../../packaging/node.ts';
import type { Release } from '../../packaging/release-facts.ts';
import { packNpm } from '../../packaging/tarball.ts';
import { run, runOk } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';

const isHere = (await run('sh', ['-c', 'command -v dpkg-deb'])).code === 0;
const onDebian = isHere ? test.serial : test.serial.skip;
const scope = sharedScope(test);
const release: Release = {
  version: '1.2.3',
  date: '2026-12-31',
  epoch: 1798675200,
  changes: '- It\n  is new.',
};
let dir: string;
let deb: string;
let unpacked: string;

async function build(name: string): Promise<string> {
  const output = join(dir, name);
  await buildDeb(output, process.arch as Architecture, release, 'none');
  return output;
}

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

test.before('a package is made and unpacked', async () => {
  dir = await tempDir(scope);
  if (!isHere) return;
  deb = await build('isthmus.deb');
  unpacked = join(dir, 'root');
  await runOk('dpkg-deb', ['--raw-extract', deb, unpacked]);
});

onDebian("everything is root's, and nobody else may write to any of it", async (t) => {
  const lines = (await runOk('dpkg-deb', ['--contents', deb])).trim().split('\n');
  t.true(lines.length > 100);
  for (const line of lines)
    t.regex(line, /^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x|lrwxrwxrwx) root\/root /, line);
  const programs = lines
    .filter((line) => line.startsWith('-rwx'))
    .map((line) => line.split('/').at(-1));
  t.deepEqual(programs.sort(), ['isthmus', 'node']);
});

onDebian(
  'its scripts are shell that parses, and are the only control files that run',
  async (t) => {
    for (const name of ['postinst', 'prerm', 'postrm']) {
      const script = join(unpacked, 'DEBIAN', name);
      await runOk('sh', ['-n', script]);
      t.regex(await runOk('stat', ['-c', '%a', script]), /^755$/m);
    }
    t.is(await readFile(join(unpacked, 'DEBIAN/conffiles'), 'utf8'), '/etc/isthmus/gateway.yaml\n');
    t.regex(await runOk('dpkg-deb', ['--field', deb, 'Version']), /^1\.2\.3$/m);
  },
);

onDebian(
  'the command runs from where it is unpacked, by the Node.js it brings, and likes its own configuration',
  async (t) => {
    const isthmus = join(unpacked, 'usr/bin/isthmus');
    t.is(JSON.parse(await runOk(isthmus, ['version', '-o', 'json'])).node, process.versions.node);
    const { code, stdout, stderr } = await run(isthmus, [
      'check',
      '-c',
      join(unpacked, 'etc/isthmus/gateway.yaml'),
    ]);
    t.is(code, 0, stdout + stderr);
  },
);

onDebian('it brings the manual of every verb, completions, and what changed', async (t) => {
  const share = join(unpacked, 'usr/share');
  const manual = gunzipSync(await readFile(join(share, 'man/man1/isthmus.1.gz'))).toString();
  for (const line of [
    '.SS gateway',
    '.SS get clusters [cluster]',
    '.TH ISTHMUS 1 "2026-12-31" "isthmus 1.2.3" "User Commands"',
  ]) {
    t.true(manual.split('\n').includes(line), line);
  }
  for (const [path, word] of [
    ['bash-completion/completions/isthmus', /complete -F _isthmus isthmus/],
    ['zsh/vendor-completions/_isthmus', /^#compdef isthmus/],
    ['fish/vendor_completions.d/isthmus.fish', /complete -c isthmus/],
  ] as const) {
    t.regex(await readFile(join(share, path), 'utf8'), word);
  }
  const changes = gunzipSync(await readFile(join(share, 'doc/isthmus/changelog.gz'))).toString();
  t.regex(
    changes,
    /^isthmus \(1\.2\.3\) stable; urgency=medium\n\n {2}\* It is new\.\n\n -- .* <.*> {2}Thu, 31 Dec 2026 00:00:00 \+0000\n$/,
  );
});

onDebian('made twice it is the same, and so is the npm package', async (t) => {
  t.is(await sha256(await build('again.deb')), await sha256(deb));
  const tarballs = ['one.tgz', 'two.tgz'].map((name) => join(dir, name));
  for (const tarball of tarballs) await packNpm(tarball);
  const [one, two] = await Promise.all(tarballs.map(sha256));
  t.is(one, two);
});
