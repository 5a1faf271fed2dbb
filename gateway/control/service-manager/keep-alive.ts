/** Owns the signs of life that the service manager asks for (sd_watchdog_enabled(3)): given by the control side, for all workers. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Tell } from './messenger.ts';

interface KeepAliveOptions {
  /** `WATCHDOG_USEC` says within which time one is awaited; `WATCHDOG_PID` of whom. The latter is set anew, for processes to come. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether all that carries requests does. */
  isAlive(): boolean;
  readonly tell: Tell;
}

/** Tells twice in the time asked for, as long as all is alive; returns a function that ends it. */
export function keepAlive({ env, clock, log, isAlive, tell }: KeepAliveOptions): () => void {
  const everyMs = Number(env['WATCHDOG_USEC']) / 2_000;
  if (!(everyMs > 0) || !isMeant(env['WATCHDOG_PID'])) return () => {};
  if (env['WATCHDOG_PID']) env['WATCHDOG_PID'] = String(process.pid);
  let wasAlive = true;
  let cancel = (): void => {};
  const beat = (): void => {
    cancel = clock.after(everyMs, beat);
    const alive = isAlive();
    if (alive) void tell('WATCHDOG=1');
    else if (wasAlive)
      log.warn('not every worker serves: the service manager gets no sign of life');
    wasAlive = alive;
  };
  beat();
  return () => cancel();
}

/** A launcher and the gateway before this one were meant, and are this process's parents. */
function isMeant(pid: string | undefined): boolean {
  return !pid || [process.pid, process.ppid].includes(Number(pid));
}
