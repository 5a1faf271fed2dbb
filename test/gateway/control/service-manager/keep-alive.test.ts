/** Specifies the signs of life that systemd gets: twice in the time it gives, of all or of none, and only where this process is meant. */
import test from 'ava';
import { createLog } from '../../../../core/log.ts';
import { keepAlive, signsWanted } from '../../../../gateway/control/service-manager/keep-alive.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function watched(everyMs: number) {
  const clock = new ManualClock();
  const state = { isAlive: true, beats: 0 };
  const stop = keepAlive({
    everyMs,
    clock,
    log: createLog({ level: 'error' }),
    isAlive: () => state.isAlive,
    tell: async (word) => {
      if (word === 'WATCHDOG=1') state.beats++;
    },
  });
  return { clock, state, stop };
}

test('a sign of life comes at once, and every half of the time that is given', (t) => {
  const { clock, state } = watched(15_000);
  t.is(state.beats, 1);
  clock.advance(14_999);
  t.is(state.beats, 1);
  clock.advance(1);
  t.is(state.beats, 2);
  clock.advance(60_000);
  t.is(state.beats, 6);
});

test('while a worker does not serve there is none, and once it does they go on', (t) => {
  const { clock, state } = watched(15_000);
  state.isAlive = false;
  clock.advance(60_000);
  t.is(state.beats, 1);
  state.isAlive = true;
  clock.advance(15_000);
  t.is(state.beats, 2);
});

test('after its end there is none', (t) => {
  const { clock, state, stop } = watched(1_000);
  stop();
  clock.advance(10_000);
  t.is(state.beats, 1);
});

const parent = `${process.ppid}`;
const own = `${process.pid}`;

for (const { name, env, everyMs } of [
  { name: 'nobody asks for any', env: {}, everyMs: undefined },
  { name: 'the time is none', env: { WATCHDOG_USEC: '0' }, everyMs: undefined },
  { name: 'the time is no number', env: { WATCHDOG_USEC: 'soon' }, everyMs: undefined },
  { name: 'no process is named', env: { WATCHDOG_USEC: '2000000' }, everyMs: 1_000 },
  {
    name: 'this one is named',
    env: { WATCHDOG_USEC: '2000000', WATCHDOG_PID: own },
    everyMs: 1_000,
  },
  {
    name: 'its parent is named',
    env: { WATCHDOG_USEC: '2000000', WATCHDOG_PID: parent },
    everyMs: 1_000,
  },
  {
    name: 'another is named',
    env: { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '1073741824' },
    everyMs: undefined,
  },
]) {
  test(`signs of life are wanted ${everyMs ? `every ${everyMs} ms` : 'never'} where ${name}`, (t) => {
    const given: NodeJS.ProcessEnv = { ...env };
    t.is(signsWanted(given), everyMs);
    if (everyMs !== undefined) t.is(given['WATCHDOG_PID'], own, 'for the process that follows');
  });
}
