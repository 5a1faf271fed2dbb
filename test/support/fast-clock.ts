/** Owns a clock that goes faster than the machine's by a factor: what takes a minute takes seconds in a test. */
import { type Clock, systemClock } from '../../core/clock.ts';

export function fastClock(factor: number): Clock {
  const [wall, begin] = [Date.now(), performance.now()];
  const monotonic = () => (performance.now() - begin) * factor;
  return {
    now: () => Math.floor(wall + monotonic()),
    monotonic,
    after: (ms, run) => systemClock.after(ms / factor, run),
  };
}
