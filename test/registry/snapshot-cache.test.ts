/** Specifies the copy of the snapshot on disk. */
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { parseFederationName } from '../../core/names.ts';
import type { Sealer } from '../../registry/signing.ts';
import { SnapshotCache } from '../../registry/snapshot-cache.ts';
import { tempDir } from '../support/temp-dir.ts';
import { acme, clusterRecord, dc1, dc2, exportRecord, keyOf } from './records.ts';

const records: [string, object][] = [
  [keyOf({ kind: 'clusters', cluster: dc1 }), clusterRecord()],
  [keyOf({ kind: 'exports', cluster: dc2, service: exportRecord().service }), exportRecord(dc2)],
];

async function saved(t: ExecutionContext, what: Iterable<[string, object]> = records) {
  const path = join(await tempDir(t), 'data', 'snapshot.jsonl');
  const cache = new SnapshotCache(path, acme);
  await cache.save(7, 1000, what);
  return { path, cache };
}

const parsed = async (cache: SnapshotCache) =>
  (await cache.load())?.records.map(({ key, value }) => [key, JSON.parse(String(value))]);

test('what was saved is loaded, with its revision and time', async (t) => {
  const { cache } = await saved(t);
  t.like(await cache.load(), { revision: 7, savedAt: 1000 });
  t.deepEqual(await parsed(cache), records);
});

test('a snapshot of nothing is loaded too', async (t) => {
  const { cache } = await saved(t, []);
  t.deepEqual(await cache.load(), { revision: 7, savedAt: 1000, records: [] });
});

test('text that looks like lines or is not ASCII survives', async (t) => {
  const strange: [string, object][] = [['k', { a: 'one\ntwo\r\u2028three', b: 'Zürich 東京' }]];
  const { cache } = await saved(t, strange);
  t.deepEqual(await parsed(cache), strange);
});

test('ten thousand records are saved and loaded in order', async (t) => {
  const many = Array.from({ length: 10_000 }, (_, i): [string, object] => [`k${i}`, { i }]);
  const { cache } = await saved(t, many);
  t.deepEqual(await parsed(cache), many);
});

test('where nothing was saved there is nothing to load', async (t) => {
  const cache = new SnapshotCache(join(await tempDir(t), 'none', 'snapshot.jsonl'), acme);
  t.is(await cache.load(), undefined);
});

test('a file that was cut short, wherever, is refused', async (t) => {
  const { path, cache } = await saved(t);
  const whole = await readFile(path);
  // Without the final line break alone nothing is missing.
  for (let size = whole.length - 2; size >= 0; size -= 7) {
    await writeFile(path, whole);
    await truncate(path, size);
    const error = await t.throwsAsync(cache.load(), { code: 'CACHE_INVALID' }, `${size} bytes`);
    t.like(error, { where: path });
  }
});

test('a file of another federation is refused, and the reason names it', async (t) => {
  const { path } = await saved(t);
  const cache = new SnapshotCache(path, parseFederationName('acme2'));
  await t.throwsAsync(cache.load(), { code: 'CACHE_INVALID', message: /federation acme$/ });
});

test('a file of another version is refused, never guessed at', async (t) => {
  const { path, cache } = await saved(t);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"version":1', '"version":2'));
  await t.throwsAsync(cache.load(), { code: 'CACHE_INVALID', message: /version 2/ });
});

for (const [what, spoil] of Object.entries({
  'has a line added': (text: string) => `${text}["k",{}]\n`,
  'has a line taken out': (text: string) => text.split('\n').toSpliced(1, 1).join('\n'),
  'has a line that is no record': (text: string) => text.replace(/\n\[.*\n/, '\n[1,2]\n'),
  'is not JSON': () => 'hello\nworld\n',
  'is JSON of another kind': () => 'null\nnull\n',
})) {
  test(`a file that ${what} is refused`, async (t) => {
    const { path, cache } = await saved(t);
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    await t.throwsAsync(cache.load(), { code: 'CACHE_INVALID' });
  });
}

test('a save that fails half-way leaves the file before, and nothing else', async (t) => {
  const { path, cache } = await saved(t);
  function* failing(): Generator<[string, object]> {
    yield ['k', {}];
    throw new Error('out of memory');
  }
  await t.throwsAsync(cache.save(8, 2000, failing()), { code: 'FILE_UNWRITABLE' });
  t.like(await cache.load(), { revision: 7 });
  t.deepEqual(await parsed(cache), records);
  t.deepEqual(await readdir(join(path, '..')), ['snapshot.jsonl']);
});

test('saves that overlap leave one of them whole', async (t) => {
  const { cache } = await saved(t);
  const sizes = [1000, 10, 3000, 1];
  await Promise.all(
    sizes.map((size) =>
      cache.save(
        size,
        0,
        Array.from({ length: size }, (_, i): [string, object] => [`k${i}`, {}]),
      ),
    ),
  );
  const { revision = 0, records: loaded = [] } = (await cache.load()) ?? {};
  t.true(sizes.includes(revision));
  t.is(loaded.length, revision);
});

test('security: only a file that the own authority sealed, and that is as it was sealed, spares its records the verification', async (t) => {
  const [own, other] = [await authority(t), await authority(t)];
  const path = join(await tempDir(t), 'snapshot.jsonl');
  const proven = async (sealer?: Sealer) => {
    const loaded = await new SnapshotCache(path, acme, sealer).load();
    return loaded?.records.map(({ isProven }) => isProven);
  };
  await new SnapshotCache(path, acme, own).save(7, 1000, records);
  const sealed = await readFile(path, 'utf8');
  t.deepEqual(await proven(own), [true, true]);
  t.deepEqual(await proven(other), [false, false], 'sealed by another');
  t.deepEqual(await proven(), [false, false], 'nobody to tell');
  await writeFile(path, sealed.replace('"region":"eu"', '"region":"us"'));
  t.deepEqual(await proven(own), [false, false], 'altered');
  await writeFile(path, sealed.replace(/,"seal":"[^"]*"\}\n$/, '}\n'));
  t.deepEqual(await proven(own), [false, false], 'the seal taken off');
});

async function authority(t: ExecutionContext) {
  const trustDomain = parseTrustDomain('dc1.acme');
  return openAuthority({ dir: await tempDir(t), trustDomain, clock: systemClock });
}
