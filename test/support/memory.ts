/** Owns how much memory processes take in tests, as the kernel counts it. */
import { readFileSync } from 'node:fs';

/** Resident memory of a process in MiB (Linux). */
function residentMiB(pid: number): number {
  const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kB) / 1024;
}

/** Watches several processes from now on; `stop` tells by how many MiB each has grown at most. */
export function watchGrowth(pids: readonly number[]): { stop(): number[] } {
  const before = pids.map(residentMiB);
  const most = [...before];
  const timer = setInterval(() => {
    pids.forEach((pid, i) => {
      most[i] = Math.max(most[i] ?? 0, residentMiB(pid));
    });
  }, 20);
  return {
    stop() {
      clearInterval(timer);
      return most.map((peak, i) => peak - (before[i] ?? 0));
    },
  };
}
