/** Specifies the signs of life that systemd gets: twice in the time it gives, of all or of none, and only where this process is meant. */
import test from 'ava';
import { createLog } from '../../../../core/log.ts';
import { keepAlive } from '../../../../gateway/control/service-manager/keep-alive.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function watched(env: NodeJS.ProcessEnv) {
  const clock = new ManualClock();
  const state = { isAlive: true, beats: 0 };
  const stop = keepAlive({
    env,
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
  const { clock, state } = watched({ WATCHDOG_USEC: '30000000' });
  t.is(state.beats, 1);
  clock.advance(14_999);
  t.is(state.beats, 1);
  clock.advance(1);
  t.is(state.beats, 2);
  clock.advance(60_000);
  t.is(state.beats, 6);
});

test('while a worker does not serve there is none, and once it does they go on', (t) => {
  const { clock, state } = watched({ WATCHDOG_USEC: '30000000' });
  state.isAlive = false;
  clock.advance(60_000);
  t.is(state.beats, 1);
  state.isAlive = true;
  clock.advance(15_000);
  t.is(state.beats, 2);
});

test('after its end there is none', (t) => {
  const { clock, state, stop } = watched({ WATCHDOG_USEC: '2000000' });
  stop();
  clock.advance(10_000);
  t.is(state.beats, 1);
});

for (const { name, env, meant } of [
  { name: 'nobody asks for any', env: {}, meant: false },
  { name: 'the time is none', env: { WATCHDOG_USEC: '0' }, meant: false },
  { name: 'the time is no number', env: { WATCHDOG_USEC: 'soon' }, meant: false },
  { name: 'this process is named', env: { WATCHDOG_PID: `${process.pid}` }, meant: true },
  {
    name: 'the process is named that started this one',
    env: { WATCHDOG_PID: `${process.ppid}` },
    meant: true,
  },
  { name: 'another process is named', env: { WATCHDOG_PID: '1073741824' }, meant: false },
]) {
  test(`where ${name} ${meant ? 'they come' : 'none comes'}`, (t) => {
    const given = {
      ...(meant || 'WATCHDOG_PID' in env ? { WATCHDOG_USEC: '2000000' } : {}),
      ...env,
    };
    const { state } = watched(given);
    t.is(state.beats, meant ? 1 : 0);
    if (meant)
      t.is((given as NodeJS.ProcessEnv)['WATCHDOG_PID'], `${process.pid}`, 'for a successor');
  });
}
