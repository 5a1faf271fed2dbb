/** Owns the description of the machine that a benchmark ran on, and reading a process's costs from the kernel. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** One line for the head of every report. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} x ${cpu?.model.trim()}, ${memory} GiB, Node ${process.versions.node}, ${process.platform}`;
}

/** CPU time of a process so far, all threads, in milliseconds (Linux; ticks of 10 ms). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command in parentheses may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The value below which `share` (0 to 1) of the samples are. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
