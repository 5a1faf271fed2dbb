/** Owns what signals ask of the gateway's process: to stop, to stop at once, to be followed by another, to read its configuration again. */
import type { Log } from '../core/log.ts';

/**
 * A signal to a whole process group, as a service manager sends it, arrives twice where a launcher passes its own
 * on: within this time that is one request to stop.
 */
const echoMs = 1_000;

interface Signals {
  /** Resolves when it is to stop, in good order. A second request ends the process with 1. */
  readonly stopped: Promise<undefined>;
  /** Calls `run` for each SIGUSR2, and each `takeOver`, one after the other; the log says what it throws. */
  onTakeover(run: () => Promise<void>): void;
  /** As if a signal had asked for it. */
  takeOver(): void;
  /** Calls `run` for each SIGHUP, at once for one that came before. It must not reject. */
  onReload(run: () => Promise<void>): void;
}

export function listenForSignals(log: Log): Signals {
  return { stopped: untilStopped(log), ...takeoverSignal(log), onReload: reloadSignal(log) };
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
function takeoverSignal(log: Log): Pick<Signals, 'onTakeover' | 'takeOver'> {
  let run: (() => Promise<void>) | undefined;
  let isUnderWay = false;
  const takeOver = (signal?: NodeJS.Signals): void => {
    if (run === undefined || isUnderWay) {
      log.warn({ signal }, 'not now: the gateway starts, or is being taken over');
      return;
    }
    isUnderWay = true;
    log.info({ signal }, 'starting a successor');
    run()
      .catch((thrown: unknown) => log.error({ err: thrown }, 'nobody takes over'))
      .finally(() => {
        isUnderWay = false;
      });
  };
  // Windows has no such signal.
  if (process.platform !== 'win32') process.on('SIGUSR2', takeOver);
  return {
    takeOver: () => takeOver(),
    onTakeover(wanted) {
      run = wanted;
    },
  };
}

/** Listened for from the start, too: a signal that comes meanwhile is heeded then. */
function reloadSignal(log: Log): Signals['onReload'] {
  let run: (() => Promise<void>) | undefined;
  let isWanted = false;
  process.on('SIGHUP', (signal) => {
    log.info({ signal }, 'reading the configuration');
    if (run) void run();
    else isWanted = true;
  });
  return (wanted) => {
    run = wanted;
    if (isWanted) void run();
  };
}
