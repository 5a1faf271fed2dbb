/** Owns a worker's look at itself: how late its event loop is, how full its heap, and whether it sheds for that. */
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../../core/clock.ts';
import { giveFreeMemoryBack } from '../../../core/free-memory.ts';
import { collectAll } from '../../../core/garbage-collection.ts';
import type { Log } from '../../../core/log.ts';
import type { Gauges } from './gauges.ts';
import { LoopLag } from './lag.ts';
import { afterLook, calm, type OverloadLimits, type OverloadState } from './overload.ts';
import { Rest } from './rest.ts';

interface PressureOptions {
  readonly limits: OverloadLimits;
  /** Among the workers of the process. */
  readonly index: number;
  readonly gauges: Gauges;
  readonly clock: Clock;
  readonly log: Log;
}

const lookEveryMs = 1_000;
/** A worker that has something to do takes this share of a core, or is kept from it for half of the time. */
const busyCpu = 0.02;
const busyUtilization = 0.5;

export class Pressure {
  readonly #options: PressureOptions;
  readonly #lag: LoopLag;
  readonly #rest: Rest;
  #used: Used;
  #utilization = performance.eventLoopUtilization();
  #state: OverloadState = calm;
  #cancel: () => void;
  #isOverloaded = false;

  constructor(options: PressureOptions) {
    const { clock, index } = options;
    this.#options = options;
    this.#rest = new Rest({
      collect: collectAll,
      // It is done for all of them: one is enough.
      giveBack: index === 0 ? giveFreeMemoryBack : undefined,
      processCpu: () => inMs(process.cpuUsage(), clock),
    });
    this.#used = used(options.clock);
    this.#lag = new LoopLag(options.clock.monotonic());
    this.#lag.stir(options.clock.monotonic());
    this.#cancel = options.clock.after(lookEveryMs, () => this.#tick());
  }

  /** Whether a new request is to be refused; asked for each. */
  get isOverloaded(): boolean {
    if (!this.#lag.isSampling) this.#lag.stir(this.#options.clock.monotonic());
    return this.#isOverloaded;
  }

  close(): void {
    this.#cancel();
    this.#lag.rest();
  }

  #tick(): void {
    const { clock, gauges, limits, log } = this.#options;
    this.#cancel = clock.after(lookEveryMs, () => this.#tick());
    const now = clock.monotonic();
    const lagMs = this.#lag.look(now);
    const cpu = this.#cpu();
    const utilization = this.#busy();
    if (cpu >= busyCpu || utilization >= busyUtilization) this.#work(now);
    else {
      this.#lag.rest();
      this.#rest.look();
    }
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    gauges.set('beats', gauges.get('beats') + 1);
    gauges.set('lagMs', lagMs);
    gauges.set('heapBytes', used);
    gauges.set('heapLimitBytes', limit);
    const before = this.#state;
    const pressure = {
      lagMs,
      cpu,
      utilization,
      heapPercent: (100 * used) / limit,
    };
    this.#state = afterLook(before, pressure, limits);
    this.#isOverloaded = this.#state.kind !== 'calm';
    gauges.set('shedding', Number(this.#isOverloaded));
    if (before.kind === 'calm' && this.#state.kind === 'shedding') {
      const { why } = this.#state;
      log.warn({ why, lagMs, heapBytes: used, heapLimitBytes: limit }, 'overloaded: shedding');
    } else if (before.kind !== 'calm' && this.#state.kind === 'calm') {
      log.info({ lagMs, heapBytes: used }, 'not overloaded any more');
    }
  }

  #work(now: number): void {
    this.#lag.stir(now);
    this.#rest.end();
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
}

/** CPU time so far, and when. */
interface Used {
  readonly cpuMs: number;
  readonly at: number;
}

/** Of this thread. */
function used(clock: Clock): Used {
  return inMs(process.threadCpuUsage(), clock);
}

function inMs({ user, system }: NodeJS.CpuUsage, clock: Clock): Used {
  return { cpuMs: (user + system) / 1000, at: clock.monotonic() };
}
