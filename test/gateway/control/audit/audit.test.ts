/** Specifies the audit: kept on disk within bounds, taken up again, searched, and never in the way. */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { createLog, silentLog } from '../../../../core/log.ts';
import { Audit } from '../../../../gateway/control/audit/audit.ts';
import type { AuditDraft } from '../../../../gateway/control/audit/entry.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { draft } from './draft.ts';

async function open(dataDir: string, maxBytes = 1024 * 1024) {
  const keep = { maxBytes, maxAgeDays: 90 };
  const audit = new Audit({ dataDir, keep, clock: systemClock, log: silentLog });
  await audit.open();
  return audit;
}

test('entries are on disk, for their owner alone, and there again after a restart', async (t) => {
  const dir = await tempDir(t);
  const first = await open(dir);
  await first.record(draft);
  await first.record({ ...draft, status: 403, code: 'FORBIDDEN' });
  t.is((await stat(join(dir, 'audit.jsonl'))).mode & 0o777, 0o600);
  const second = await open(dir);
  t.deepEqual(second.items, first.items);
  await second.record(draft);
  const ids = second.items.map(({ id }) => id);
  t.deepEqual(ids, [...ids].sort());
  t.is(new Set(ids).size, 3);
});

test('what is recorded before the files are open is kept, after what they hold', async (t) => {
  const dir = await tempDir(t);
  await (await open(dir)).record(draft);
  const keep = { maxBytes: 1024 * 1024, maxAgeDays: 90 };
  const audit = new Audit({ dataDir: dir, keep, clock: systemClock, log: silentLog });
  await audit.record({ ...draft, who: 'early' });
  await audit.open();
  await audit.record({ ...draft, who: 'late' });
  const kept = (await open(dir)).items.map(({ who }) => who);
  t.deepEqual(kept, ['alice', 'early', 'late']);
});

test('of what is no longer in memory all that is kept can be searched, page by page', async (t) => {
  const dir = await tempDir(t);
  const audit = await open(dir, 4 * 1024 * 1024);
  for (let i = 0; i < 1_500; i++) {
    void audit.record({ ...draft, who: i % 500 === 0 ? 'bob' : 'alice', path: `/v1/drills/${i}` });
  }
  await audit.flush();
  const byBob = (search: { since?: number; after?: string; limit: number }) =>
    audit.find({ ...search, matches: ({ who }) => who === 'bob' });
  const paths = ({ items, more }: Awaited<ReturnType<typeof byBob>>) => [
    ...items.map(({ path }) => path),
    more,
  ];
  t.deepEqual(paths(await byBob({ limit: 9 })), ['/v1/drills/500', '/v1/drills/1000', false]);
  const first = await byBob({ since: 0, limit: 2 });
  t.deepEqual(paths(first), ['/v1/drills/0', '/v1/drills/500', true]);
  const next = await byBob({ after: first.items.at(-1)?.id ?? '', limit: 2 });
  t.deepEqual(paths(next), ['/v1/drills/1000', false]);
  const later = systemClock.now() + 60_000;
  t.deepEqual(paths(await byBob({ since: later, limit: 9 })), [false]);
});

test('security: strangers who are refused can not push out of the audit what others did', async (t) => {
  const audit = await open(await tempDir(t));
  await audit.record(draft);
  const stranger: AuditDraft = { ...draft, who: 'unknown', via: 'none', role: 'none', status: 401 };
  for (let i = 0; i < 5_000; i++) void audit.record(stranger);
  await audit.record(draft);
  t.is(audit.items.length, 62);
  t.is(audit.items[0]?.who, 'alice');
  t.is(audit.missing['left-out'], 4_940);
});

test('a disk that takes nothing is said in the log and a problem, and the entries are kept in memory', async (t) => {
  const dir = await tempDir(t);
  await mkdir(join(dir, 'audit.jsonl', 'in-the-way'), { recursive: true });
  await t.throwsAsync(open(dir));
  const other = await tempDir(t);
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => void lines.push(line) } });
  const keep = { maxBytes: 1024 * 1024, maxAgeDays: 90 };
  const audit = new Audit({ dataDir: other, keep, clock: systemClock, log });
  await audit.open();
  await mkdir(join(other, 'audit.jsonl'));
  await audit.record(draft);
  t.is(audit.items.length, 1);
  t.is(audit.problem?.code, 'FILE_UNWRITABLE');
  t.true(lines.some((line) => line.includes('the audit could not be written')));
  t.deepEqual(await readdir(other), ['audit.jsonl']);
});
