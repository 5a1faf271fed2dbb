/** Specifies files that are whole at every moment, and what is said of those that can't be read or written. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readFileIfAny, writeFileAtomic } from '../../core/files.ts';
import { tempDir } from '../support/temp-dir.ts';

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('a file is written where there was none, its folders made, for the owner only', async (t) => {
  const folder = join(await tempDir(t), 'data', 'ca');
  await writeFileAtomic(join(folder, 'ca.key'), 'secret');
  t.is(await readFile(join(folder, 'ca.key'), 'utf8'), 'secret');
  t.deepEqual([await modeOf(join(folder, 'ca.key')), await modeOf(folder)], ['600', '700']);
});

test('a file is replaced whole, and nothing else stays in its folder', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'file');
  await writeFileAtomic(path, 'a long first text');
  await writeFileAtomic(path, new Uint8Array([98]), 0o644);
  t.is(await readFile(path, 'utf8'), 'b');
  t.is(await modeOf(path), '644');
  t.deepEqual(await readdir(folder), ['file']);
});

test('whoever writes at the same time, a reader sees one of the texts whole', async (t) => {
  const path = join(await tempDir(t), 'file');
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(100_000));
  const seen = new Set<string>();
  await writeFileAtomic(path, texts[0] ?? '');
  let writing = true;
  const reader = (async () => {
    while (writing) seen.add(await readFile(path, 'utf8'));
  })();
  await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
  writing = false;
  await reader;
  t.true(seen.size > 0);
  for (const text of seen) t.true(texts.includes(text), `a text of ${text.length} characters`);
});

test('a write that fails says where, changes nothing and leaves nothing behind', async (t) => {
  const folder = await tempDir(t);
  const taken = join(folder, 'taken');
  await mkdir(join(taken, 'full'), { recursive: true });
  await t.throwsAsync(writeFileAtomic(taken, 'text'), { code: 'FILE_UNWRITABLE' });
  t.deepEqual(await readdir(folder), ['taken']);

  await writeFile(join(folder, 'file'), 'not a folder');
  const below = join(folder, 'file', 'below');
  const error = await t.throwsAsync(writeFileAtomic(below, 'text'), { code: 'FILE_UNWRITABLE' });
  t.like(error, { where: below });
});

test('a file that is not there is undefined; one that can not be read is an error', async (t) => {
  const folder = await tempDir(t);
  t.is(await readFileIfAny(join(folder, 'none')), undefined);
  await writeFile(join(folder, 'some'), 'text');
  t.is(await readFileIfAny(join(folder, 'some')), 'text');
  const error = await t.throwsAsync(readFileIfAny(folder), { code: 'FILE_UNREADABLE' });
  t.like(error, { where: folder });
});
