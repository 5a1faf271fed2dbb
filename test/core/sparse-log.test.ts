/** Specifies how often a line is logged that strangers can cause at will. */
import test from 'ava';
import { createLog } from '../../core/log.ts';
import { SparseLog } from '../../core/sparse-log.ts';
import { ManualClock } from '../support/manual-clock.ts';

function sparseLog(level: string) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const clock = new ManualClock();
  return { clock, lines, log: new SparseLog(createLog({ level, destination }), clock) };
}

test('of each kind one line in ten seconds is logged, and the next says how many were not', (t) => {
  const { clock, lines, log } = sparseLog('info');
  for (let n = 0; n < 100; n++) {
    log.warn({ n }, 'refused');
    clock.advance(99);
  }
  log.info({ n: 100 }, 'another');
  clock.advance(100);
  log.warn({ n: 101 }, 'refused');
  log.warn({ n: 102 }, 'refused');
  clock.advance(20_000);
  log.warn({ n: 103 }, 'refused');
  t.like(lines, [
    { level: 'warn', msg: 'refused', n: 0, unsaid: undefined },
    { level: 'info', msg: 'another', n: 100, unsaid: undefined },
    { level: 'warn', msg: 'refused', n: 101, unsaid: 99 },
    { level: 'warn', msg: 'refused', n: 103, unsaid: 1 },
  ]);
  t.is(lines.length, 4);
});

test('at level debug all of them are there', (t) => {
  const { lines, log } = sparseLog('debug');
  for (let n = 0; n < 3; n++) log.warn({ n }, 'refused');
  t.like(lines, [
    { level: 'warn', n: 0 },
    { level: 'debug', n: 1 },
    { level: 'debug', n: 2 },
  ]);
});
