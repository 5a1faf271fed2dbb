/** Owns measuring one program under one load: its CPU time over the work it did. */
import { cpuNs, rssBytes } from './costs.ts';
import type { Load } from './load.ts';
import type { Sample } from './metrics.ts';
import type { Running } from './running.ts';

interface Cost<T> {
  readonly result: T;
  /** CPU time the program took meanwhile. */
  readonly cpuUs: number;
  /** CPU time over the time that passed. */
  readonly cores: number;
  readonly rssMB: number;
}

export async function costOf<T>({ pids }: Running, load: () => Promise<T>): Promise<Cost<T>> {
  const started = process.hrtime.bigint();
  const before = cpuNs(pids);
  const result = await load();
  const cpu = cpuNs(pids) - before;
  const elapsedNs = Number(process.hrtime.bigint() - started);
  return {
    result,
    cpuUs: cpu / 1_000,
    cores: cpu / elapsedNs,
    rssMB: rssBytes(pids) / 2 ** 20,
  };
}

/** The sample of a load, its CPU time for each request under `unit`. */
export async function perRequest(
  running: Running,
  unit: 'cpuUsPerRequest' | 'cpuUsPerMB',
  load: () => Promise<Load>,
): Promise<Sample> {
  const { result, cpuUs, cores, rssMB } = await costOf(running, load);
  const { requests, seconds, p50Ms, p99Ms, errors } = result;
  return {
    [unit]: cpuUs / requests,
    rps: requests / seconds,
    p50Ms,
    p99Ms,
    cores,
    rssMB,
    errors,
  };
}
