/** Specifies the audit: kept on disk within bounds, taken up again, and never in the way. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { createLog, silentLog } from '../../../../core/log.ts';
import { Audit, type AuditDraft } from '../../../../gateway/control/events/audit.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const draft: AuditDraft = {
  who: 'alice',
  role: 'operator',
  from: '10.0.0.9',
  method: 'POST',
  path: '/v1/drills',
  status: 201,
};

async function open(dataDir: string, more: { maxFileBytes?: number } = {}) {
  return Audit.open({ dataDir, clock: systemClock, log: silentLog, ...more });
}

test('entries are on disk, for their owner alone, and there again after a restart', async (t) => {
  const dir = await tempDir(t);
  const first = await open(dir);
  first.record(draft);
  first.record({ ...draft, status: 403, code: 'FORBIDDEN' });
  await first.flush();
  t.is((await stat(join(dir, 'audit.jsonl'))).mode & 0o777, 0o600);
  const second = await open(dir);
  t.deepEqual(second.items, first.items);
  second.record(draft);
  const ids = second.items.map(({ id }) => id);
  t.deepEqual(ids, [...ids].sort());
  t.is(new Set(ids).size, 3);
});

test('a line that a crash cut short is passed over', async (t) => {
  const dir = await tempDir(t);
  const first = await open(dir);
  first.record(draft);
  await first.flush();
  const path = join(dir, 'audit.jsonl');
  await writeFile(path, `${await readFile(path, 'utf8')}{"who":"ali`);
  t.is((await open(dir)).items.length, 1);
});

test('two files, and no more, hold what there was last', async (t) => {
  const dir = await tempDir(t);
  const maxFileBytes = 2_000;
  const audit = await open(dir, { maxFileBytes });
  for (let i = 0; i < 60; i++) audit.record({ ...draft, path: `/v1/drills/${i}` });
  await audit.flush();
  t.deepEqual((await readdir(dir)).sort(), ['audit.1.jsonl', 'audit.jsonl']);
  for (const name of await readdir(dir)) {
    t.true((await stat(join(dir, name))).size <= maxFileBytes);
  }
  t.is((await open(dir)).items.at(-1)?.path, '/v1/drills/59');
});

test('a disk that takes nothing is said in the log, and the entries are kept in memory', async (t) => {
  const dir = await tempDir(t);
  await mkdir(join(dir, 'audit.jsonl', 'in-the-way'), { recursive: true });
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => void lines.push(line) } });
  await t.throwsAsync(Audit.open({ dataDir: dir, clock: systemClock, log }));
  const other = await tempDir(t);
  const audit = await Audit.open({ dataDir: other, clock: systemClock, log });
  await mkdir(join(other, 'audit.jsonl'));
  audit.record(draft);
  await audit.flush();
  t.is(audit.items.length, 1);
  t.true(lines.some((line) => line.includes('the audit could not be written')));
});
