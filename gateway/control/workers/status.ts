/** Owns how one worker is told of to people. */
import { Counters } from './counters.ts';
import type { Worker } from './worker.ts';

export interface WorkerStatus {
  readonly worker: number;
  readonly state: Worker['state'];
  /** Threads of it before the one it has. */
  readonly restarts: number;
  readonly inFlight: number;
  /** 99th percentile of its event loop's lag over the last two seconds. */
  readonly lagMs: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  /** Whether it refuses new requests. */
  readonly shedding: boolean;
  /** Responses it has sent on. */
  readonly served: number;
  /** Requests it has answered itself, or that ended without an answer. */
  readonly refused: number;
}

export function statusOf({ index: worker, state, restarts, thread }: Worker): WorkerStatus {
  const gauges = thread?.counters.gauges;
  const one = new Counters();
  if (thread) one.add(thread.counters);
  const { served, refused } = one.snapshot();
  return {
    worker,
    state,
    restarts,
    inFlight: gauges?.get('inFlight') ?? 0,
    lagMs: Math.round(10 * (gauges?.get('lagMs') ?? 0)) / 10,
    heapBytes: gauges?.get('heapBytes') ?? 0,
    heapLimitBytes: gauges?.get('heapLimitBytes') ?? 0,
    shedding: gauges?.get('shedding') === 1,
    served: total(served),
    refused: total(refused),
  };
}

function total(series: readonly { readonly requests: number }[]): number {
  return series.reduce((sum, { requests }) => sum + requests, 0);
}
