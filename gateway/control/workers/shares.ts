/** Owns what each worker gets of the machine and of the gateway's limits. */
import type { ProxyLimits } from '../../data/request/limit.ts';

const mostHeapMb = 1024;
const leastHeapMb = 128;

/**
 * Most MiB of objects for each of `workers`, on a machine or in a container with `memoryBytes`: together they get half of it, and each
 * between 128 and 1024. Buffers, which carry the traffic, are not counted in it.
 */
export function heapMb(workers: number, memoryBytes: number): number {
  const share = Math.floor(memoryBytes / 2 / workers / 2 ** 20);
  return Math.max(leastHeapMb, Math.min(mostHeapMb, share));
}

/** A worker's part of the gateway's limits: connections are divided, since the kernel spreads them evenly. */
export function limitsOfOne(limits: ProxyLimits, workers: number): ProxyLimits {
  return { ...limits, maxConnections: Math.ceil(limits.maxConnections / workers) };
}
