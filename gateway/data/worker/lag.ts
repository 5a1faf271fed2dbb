/** Owns how late a worker's event loop is, sampled only while it has something to do: a sample wakes it fifty times a second. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Windows overlap: each begins a look after the one before. Two seconds hold so many samples that one late turn, as of a large change, is not their 99th percentile. */
const looksPerWindow = 2;
const resolutionMs = 20;

interface Window {
  readonly delay: ReturnType<typeof monitorEventLoopDelay>;
  begunAt: number;
  /** When its first sample was due; Infinity while none is. */
  sampledFrom: number;
}

/** Times are monotonic milliseconds. */
export class LoopLag {
  readonly #windows: readonly Window[];
  #look = 0;
  #isSampling = false;

  constructor(now: number) {
    this.#windows = Array.from({ length: looksPerWindow }, () => ({
      delay: monitorEventLoopDelay({ resolution: resolutionMs }),
      begunAt: now,
      sampledFrom: Infinity,
    }));
  }

  get isSampling(): boolean {
    return this.#isSampling;
  }

  /** There is something to do: it is sampled from now on. What was before was on time. */
  stir(now: number): void {
    if (this.#isSampling) return;
    this.#isSampling = true;
    for (const window of this.#windows) {
      // Else the pause counts as one late sample.
      window.delay.reset();
      window.delay.enable();
      window.sampledFrom = now;
    }
  }

  /** There is nothing to do, and was not for a whole look. */
  rest(): void {
    if (!this.#isSampling) return;
    this.#isSampling = false;
    for (const window of this.#windows) {
      window.delay.disable();
      window.delay.reset();
      window.sampledFrom = Infinity;
    }
  }

  /** 99th percentile of the window that is full, in milliseconds; the next one begins in its place. */
  look(now: number): number {
    const look = this.#look++;
    const window = this.#windows[look % looksPerWindow];
    if (window === undefined) return 0;
    const { delay, begunAt, sampledFrom } = window;
    const unsampledMs = Math.min(sampledFrom, now) - begunAt;
    const rank = rankAmong(delay.count, unsampledMs / resolutionMs);
    // A histogram counts the interval it waits for as delay.
    const lagMs = rank === 0 ? 0 : delay.percentile(rank) / 1e6 - resolutionMs;
    delay.reset();
    window.begunAt = now;
    window.sampledFrom = this.#isSampling ? now : Infinity;
    // A worker that begins loads its code: that is over before a whole window is.
    return look < looksPerWindow ? 0 : Math.max(0, lagMs);
  }
}

/** Pure: which percentile of `samples` is the 99th of them and as many `onTime` ones as were not taken; 0: one of those. */
export function rankAmong(samples: number, onTime: number): number {
  const late = 0.01 * (samples + onTime);
  return late >= samples ? 0 : 100 * (1 - late / samples);
}
