/** Owns beating until told to stop: at a steady pace, through failures, and out on SIGINT or SIGTERM. */
import { setTimeout as delay } from 'node:timers/promises';
import { asIsthmusError, type IsthmusError } from '../core/errors.ts';

interface KeepAlive {
  readonly intervalMs: number;
  readonly beat: () => Promise<void>;
  /** Told of each failed beat; the next one comes all the same. */
  readonly onFailure: (error: IsthmusError) => void;
}

/**
 * From now on the first SIGINT or SIGTERM aborts the returned signal instead of ending the process; a second one ends it
 * at once. Call it before what must be undone is done.
 */
export function toldToStop(): AbortSignal {
  const stop = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const end = () => {
    for (const signal of signals) process.off(signal, end);
    stop.abort();
  };
  for (const signal of signals) process.on(signal, end);
  return stop.signal;
}

/** Beats every `intervalMs` until `stop`; resolves when the last beat is over. */
export async function keepAlive(
  { intervalMs, beat, onFailure }: KeepAlive,
  stop: AbortSignal,
): Promise<void> {
  while (await passed(intervalMs, stop)) {
    try {
      await beat();
    } catch (thrown) {
      onFailure(asIsthmusError(thrown));
    }
  }
}

/** True when `ms` have passed; false when told to stop before. */
async function passed(ms: number, stop: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal: stop });
    return true;
  } catch (thrown) {
    if (stop.aborted) return false;
    throw thrown;
  }
}
