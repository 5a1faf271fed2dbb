/** Owns which core a process runs on: proxies alone on one, the load and the upstream on another. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const proxyCore = 0;
const loadCore = 1;

/** Whether there are cores to tell apart; without, everything shares one and only CPU time means anything. */
export const pinned = availableParallelism() > 1;

/** Moves this process, and so everything it starts from now on, to the core of the load. */
export function pinLoad(): void {
  pin(process.pid, loadCore);
}

/** Moves all threads of a proxy, and so those it starts from now on, to its core. */
export function pinProxy(pid: number): void {
  pin(pid, proxyCore);
}

/** A thread that ends while it is to be moved makes taskset fail, with the others moved or not. */
const attempts = 5;

function pin(pid: number, core: number): void {
  if (!pinned) return;
  const args = ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)];
  let said = '';
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { status, stderr } = spawnSync('taskset', args, { encoding: 'utf8' });
    if (status === 0) return;
    said = stderr.trim();
  }
  throw new Error(`taskset ${args.join(' ')}: ${said}`);
}

/** A command line that runs `command` on the core of the proxies. */
export function onProxyCore(command: readonly string[]): string[] {
  return pinned ? ['taskset', '--cpu-list', String(proxyCore), ...command] : [...command];
}
