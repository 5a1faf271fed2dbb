/** Owns the signs of life that the service manager asks for (sd_watchdog_enabled(3)): given by the control side, for all workers. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Tell } from './messenger.ts';

interface KeepAliveOptions {
  /** Between two signs, in milliseconds. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether all that carries requests does. */
  isAlive(): boolean;
  readonly tell: Tell;
}

/**
 * How often a sign of life is wanted of this process: twice in `WATCHDOG_USEC`, if `WATCHDOG_PID` is this process's, or its parent's: a launcher was meant, or
 * the gateway before this one. Undefined where none is. To be asked while the parent lives; the variable is set for a process that follows this one.
 */
export function signsWanted(env: NodeJS.ProcessEnv): number | undefined {
  const everyMs = Number(env['WATCHDOG_USEC']) / 2_000;
  const meant = env['WATCHDOG_PID'];
  if (!(everyMs > 0) || (meant && ![process.pid, process.ppid].includes(Number(meant)))) {
    return undefined;
  }
  env['WATCHDOG_PID'] = String(process.pid);
  return everyMs;
}

/** Tells of life as long as all is alive; returns a function that ends it. */
export function keepAlive({ everyMs, clock, log, isAlive, tell }: KeepAliveOptions): () => void {
  let wasAlive = true;
  let cancel = (): void => {};
  const beat = (): void => {
    cancel = clock.after(everyMs, beat);
    const alive = isAlive();
    if (alive) void tell('WATCHDOG=1');
    else if (wasAlive) {
      log.warn('not every worker serves: the service manager gets no sign of life');
    }
    wasAlive = alive;
  };
  beat();
  return () => cancel();
}
