/** Owns what signals ask of the gateway's process: to stop, to stop at once, to be followed by another. */
import type { Log } from '../core/log.ts';

/**
 * A signal to a whole process group, as a service manager sends it, arrives twice where a launcher passes its own
 * on: within this time that is one request to stop.
 */
const echoMs = 1_000;

export interface Signals {
  /** Resolves when it is to stop, in good order. A second request ends the process with 1. */
  readonly stopped: Promise<undefined>;
  /** Calls `takeOver` for each SIGUSR2, one after the other; the log says what it throws. */
  onTakeover(takeOver: () => Promise<void>): void;
}

export function listenForSignals(log: Log): Signals {
  return { stopped: untilStopped(log), onTakeover: takeoverSignal(log) };
}

function untilStopped(log: Log): Promise<undefined> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const stop = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (askedAt !== undefined) {
        if (now - askedAt < echoMs) return;
        log.warn({ signal }, 'stopping at once');
        process.exit(1);
      }
      askedAt = now;
      log.info({ signal }, 'draining');
      resolve(undefined);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}

/** Listened for from the start: a process that does not is ended by it. */
function takeoverSignal(log: Log): Signals['onTakeover'] {
  let takeOver: (() => Promise<void>) | undefined;
  let isUnderWay = false;
  // Windows has no such signal.
  if (process.platform !== 'win32') {
    process.on('SIGUSR2', (signal) => {
      if (takeOver === undefined || isUnderWay) {
        log.warn({ signal }, 'not now: the gateway starts, or is being taken over');
        return;
      }
      isUnderWay = true;
      log.info({ signal }, 'starting a successor');
      takeOver()
        .catch((thrown: unknown) => log.error({ err: thrown }, 'nobody takes over'))
        .finally(() => {
          isUnderWay = false;
        });
    });
  }
  return (run) => {
    takeOver = run;
  };
}
