/** Owns what processes cost, as the kernel counts it: CPU time to the nanosecond, and resident memory. */
import { readdirSync, readFileSync } from 'node:fs';

/** Scheduler run time of every thread of these processes and their descendants, in nanoseconds. */
export function cpuNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of family(pids)) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      sum += Number(ran);
    }
  }
  return sum;
}

/** Resident memory of these processes and their descendants, in bytes. Buffers of the kernel's sockets are not in it. */
export function rssBytes(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of family(pids)) {
    const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    sum += Number(kB) * 1024;
  }
  return sum;
}

function family(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return [pid, ...family(children.map(Number))];
  });
}
