/** Specifies lines on disk: within their bounds, whole after a crash, and written again once a disk takes them again. */
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rmdir,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { KeptLines } from '../../core/kept-lines.ts';
import { silentLog } from '../../core/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Line {
  readonly at: number;
  readonly n: number;
}

const dayMs = 24 * 3600_000;

async function open(dir: string, { clock = new ManualClock(), maxBytes = 100_000 } = {}) {
  const path = join(dir, 'x.jsonl');
  const lines = await KeptLines.open({
    ...{ path, name: 'x', maxBytes, files: 4, maxAgeMs: 8 * dayMs, clock, log: silentLog },
  });
  const append = (n: number) => lines.append({ at: clock.now(), n } as Line);
  const all = async () => {
    const found: number[] = [];
    for await (const { n } of lines.read<Line>()) found.push(n);
    return found;
  };
  return { lines, append, all, clock, path };
}

test('lines that a crash cut short are passed over and counted, and spoil none that comes after', async (t) => {
  const dir = await tempDir(t);
  const first = await open(dir);
  await first.append(1);
  await appendFile(first.path, '{"at":1,"n":');
  const second = await open(dir);
  t.deepEqual(
    (await second.lines.last<Line>(9)).map(({ n }) => n),
    [1],
  );
  t.is(second.lines.unreadable, 1);
  await second.append(2);
  t.deepEqual(await second.all(), [1, 2]);
});

test('files together hold what came last, and no more bytes than they may', async (t) => {
  const dir = await tempDir(t);
  const { lines, append, all } = await open(dir, { maxBytes: 4_000 });
  for (let n = 0; n < 500; n++) void append(n);
  await lines.flush();
  t.deepEqual((await readdir(dir)).sort(), ['x.1.jsonl', 'x.2.jsonl', 'x.3.jsonl', 'x.jsonl']);
  for (const name of await readdir(dir)) t.true((await stat(join(dir, name))).size <= 1_000);
  const kept = await all();
  t.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => 500 - kept.length + i),
  );
  t.true(kept.length > 70);
  t.true(lines.removals > 0);
});

test('a file goes once its newest line is too old; what is written seldom is in a file for each part of that age', async (t) => {
  const dir = await tempDir(t);
  const clock = new ManualClock();
  const first = await open(dir, { clock });
  await first.append(1);
  clock.jump(3 * dayMs);
  await first.append(2);
  t.deepEqual((await readdir(dir)).sort(), ['x.1.jsonl', 'x.jsonl']);
  const longAgo = (clock.now() - 9 * dayMs) / 1000;
  await utimes(join(dir, 'x.1.jsonl'), longAgo, longAgo);
  await utimes(join(dir, 'x.jsonl'), clock.now() / 1000, clock.now() / 1000);
  t.deepEqual(await (await open(dir, { clock })).all(), [2]);
});

test('who reads meets each line once, whatever is written and moved meanwhile', async (t) => {
  const { lines, append } = await open(await tempDir(t), { maxBytes: 40_000 });
  for (let n = 0; n < 200; n++) void append(n);
  await lines.flush();
  const found: number[] = [];
  for await (const { n } of lines.read<Line>()) {
    if (found.length % 10 === 0) await append(1_000 + found.length);
    found.push(n);
  }
  t.deepEqual(
    found.filter((n) => n < 1_000),
    Array.from({ length: 200 }, (_, i) => i),
  );
  t.is(new Set(found).size, found.length);
});

test('a disk that takes nothing for a while loses nothing: what waited is written when it takes it', async (t) => {
  const dir = await tempDir(t);
  const { lines, append, all, clock, path } = await open(dir);
  await mkdir(path);
  await append(1);
  await append(2);
  t.is(lines.problem?.code, 'FILE_UNWRITABLE');
  await rmdir(path);
  clock.advance(1_000);
  await lines.flush();
  t.is(lines.problem, undefined);
  t.deepEqual(await all(), [1, 2]);
  t.is(lines.lost, 0);
});

test('more than waits for such a disk is lost, and counted', async (t) => {
  const dir = await tempDir(t);
  const { lines, clock, path } = await open(dir);
  await mkdir(path);
  const text = 'x'.repeat(3_000_000);
  for (const at of [1, 2, 3, 4]) await lines.append({ at, text } as Line & { text: string });
  t.is(lines.lost, 2);
  await rmdir(path);
  await writeFile(path, '');
  clock.advance(1_000);
  await lines.flush();
  const kept = (await readFile(path, 'utf8')) + (await readFile(`${dir}/x.1.jsonl`, 'utf8'));
  t.is(kept.match(/"at":/g)?.length, 2);
});
