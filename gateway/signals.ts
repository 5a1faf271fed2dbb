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
  return {
    stopped: new Promise((resolve) => {
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
    }),
    onTakeover(takeOver) {
      // Windows has no such signal.
      if (process.platform === 'win32') return;
      let underWay = false;
      process.on('SIGUSR2', (signal) => {
        if (underWay) return;
        underWay = true;
        log.info({ signal }, 'starting a successor');
        takeOver()
          .catch((thrown: unknown) => log.error({ err: thrown }, 'nobody takes over'))
          .finally(() => {
            underWay = false;
          });
      });
    },
  };
}
