/** Owns beating until told to stop: at a steady pace, through failures, and out on SIGINT or SIGTERM. */
import { setTimeout as delay } from 'node:timers/promises';
import { asIsthmusError, type IsthmusError } from '../../core/errors.ts';

export interface KeepAlive {
  readonly intervalMs: number;
  readonly beat: () => Promise<void>;
  /** Told of each failed beat; the next one comes all the same. */
  readonly onFailure: (error: IsthmusError) => void;
}

/** Beats every `intervalMs` until the process is told to stop; resolves when the last beat is over. */
export async function keepAlive({ intervalMs, beat, onFailure }: KeepAlive): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, end);
  try {
    while (await passed(intervalMs, stop.signal)) {
      try {
        await beat();
      } catch (thrown) {
        onFailure(asIsthmusError(thrown));
      }
    }
  } finally {
    // A second signal ends the process at once.
    for (const signal of signals) process.off(signal, end);
  }
}

/** True when `ms` have passed; false when told to stop before. */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (thrown) {
    if (signal.aborted) return false;
    throw thrown;
  }
}
