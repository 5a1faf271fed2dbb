/** Owns a worker's look at itself: how late its event loop is, how full its heap, and whether it sheds for that. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Gauges } from '../gauges.ts';
import { afterLook, calm, type OverloadLimits, type OverloadState } from '../overload.ts';

export interface PressureOptions {
  readonly limits: OverloadLimits;
  readonly gauges: Gauges;
  readonly clock: Clock;
  readonly log: Log;
}

const lookEveryMs = 1_000;
/** Two seconds hold so many samples that one late turn, as of a large change, is not their 99th percentile. */
const looksPerWindow = 2;
const resolutionMs = 20;

export class Pressure {
  readonly #options: PressureOptions;
  /** Windows overlap: each begins a look after the one before. */
  readonly #delays = Array.from({ length: looksPerWindow }, () =>
    monitorEventLoopDelay({ resolution: resolutionMs }),
  );
  #look = 0;
  #used: Used;
  #utilization = performance.eventLoopUtilization();
  #state: OverloadState = calm;
  #cancel: () => void;
  /** Whether new requests are to be refused; asked for each. */
  isOverloaded = false;

  constructor(options: PressureOptions) {
    this.#options = options;
    this.#used = used(options.clock);
    for (const delay of this.#delays) delay.enable();
    this.#cancel = options.clock.after(lookEveryMs, () => this.#tick());
  }

  close(): void {
    this.#cancel();
    for (const delay of this.#delays) delay.disable();
  }

  #tick(): void {
    const { clock, gauges, limits, log } = this.#options;
    this.#cancel = clock.after(lookEveryMs, () => this.#tick());
    const lagMs = this.#lag();
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    gauges.set('beats', gauges.get('beats') + 1);
    gauges.set('lagMs', lagMs);
    gauges.set('heapBytes', used);
    gauges.set('heapLimitBytes', limit);
    const before = this.#state;
    const pressure = {
      lagMs,
      cpu: this.#cpu(),
      utilization: this.#busy(),
      heapPercent: (100 * used) / limit,
    };
    this.#state = afterLook(before, pressure, limits);
    this.isOverloaded = this.#state.kind !== 'calm';
    gauges.set('shedding', Number(this.isOverloaded));
    if (before.kind === 'calm' && this.#state.kind === 'shedding') {
      const { why } = this.#state;
      log.warn({ why, lagMs, heapBytes: used, heapLimitBytes: limit }, 'overloaded: shedding');
    } else if (before.kind !== 'calm' && this.#state.kind === 'calm') {
      log.info({ lagMs, heapBytes: used }, 'not overloaded any more');
    }
  }

  /** Share of a core since the last look. */
  #cpu(): number {
    const before = this.#used;
    const now = used(this.#options.clock);
    this.#used = now;
    return (now.cpuMs - before.cpuMs) / Math.max(1, now.at - before.at);
  }

  /** Share of the time since the last look in which the event loop did not rest. */
  #busy(): number {
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    return performance.eventLoopUtilization(this.#utilization, before).utilization;
  }

  /** Of the window that is full; the next one begins in its place. */
  #lag(): number {
    const look = this.#look++;
    const delay = this.#delays[look % looksPerWindow];
    if (delay === undefined) return 0;
    // A worker that begins loads its code: that is over before a whole window is.
    if (look < looksPerWindow) {
      delay.reset();
      return 0;
    }
    // A histogram counts the interval it waits for as delay.
    const lagMs = delay.count === 0 ? 0 : delay.percentile(99) / 1e6 - resolutionMs;
    delay.reset();
    return Math.max(0, lagMs);
  }
}

/** CPU time of this thread so far, and when. */
interface Used {
  readonly cpuMs: number;
  readonly at: number;
}

function used(clock: Clock): Used {
  const { user, system } = process.threadCpuUsage();
  return { cpuMs: (user + system) / 1000, at: clock.monotonic() };
}
