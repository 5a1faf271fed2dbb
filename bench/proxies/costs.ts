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
  return memoryOf(pids).resident;
}

/** The same, and what of it is no file's: programs and libraries are there once for all processes that run them. */
export function memoryOf(pids: readonly number[]): {
  readonly resident: number;
  readonly own: number;
} {
  let [resident, own] = [0, 0];
  for (const pid of family(pids)) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
    resident += bytes('VmRSS');
    own += bytes('RssAnon');
  }
  return { resident, own };
}

function family(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return [pid, ...family(children.map(Number))];
  });
}
