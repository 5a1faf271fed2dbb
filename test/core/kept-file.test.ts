/** Specifies what becomes of a file that can't be written: it is told once, tried again, and is as it is to be in the end. */
import test from 'ava';
import { KeptFile } from '../../core/kept-file.ts';
import { silentLog } from '../../core/log.ts';
import { ManualClock } from '../support/manual-clock.ts';

function scene() {
  const clock = new ManualClock();
  const written: string[] = [];
  const state = { text: 'one', isFull: false, writes: 0 };
  const file = new KeptFile({
    ...{ path: '/data/orders.jsonl', what: 'standing orders', clock, log: silentLog },
    async write() {
      state.writes++;
      if (state.isFull) throw new Error('ENOSPC: no space left on device');
      written.push(state.text);
    },
  });
  return { clock, file, written, state };
}

test('a write that fails names the file and the reason, and is tried again each second until it does not', async (t) => {
  const { clock, file, written, state } = scene();
  state.isFull = true;
  await file.save();
  t.is(file.problem?.code, 'FILE_UNWRITABLE');
  t.is(file.problem?.where, '/data/orders.jsonl');
  t.regex(file.problem?.message ?? '', /standing orders can't be kept on disk.*ENOSPC/);
  clock.advance(1_000);
  await file.settled();
  t.is(state.writes, 2);
  state.text = 'two';
  state.isFull = false;
  clock.advance(1_000);
  await file.settled();
  t.deepEqual([written, file.problem], [['two'], undefined]);
  clock.advance(10_000);
  t.is(clock.pending, 0);
});

test('those who save while one write is under way share the next, which has the newest', async (t) => {
  const { file, written, state } = scene();
  const first = file.save();
  await Promise.resolve();
  state.text = 'two';
  const [second, third] = [file.save(), file.save()];
  t.is(second, third);
  await Promise.all([first, second]);
  t.deepEqual(written.at(-1), 'two');
  t.true(state.writes <= 2);
});

test('at the end what failed is tried once more, and not again', async (t) => {
  const { clock, file, state } = scene();
  state.isFull = true;
  await file.save();
  await file.close();
  t.is(state.writes, 2);
  t.is(clock.pending, 0);
});
