/** Owns how quiet the machine was: what other programs took of it while we measured. */
import { readFileSync } from 'node:fs';
import { cpuNs } from './costs.ts';

/** Call it at the start; the function it returns tells how many cores others have used since. */
export function watchOthers(): () => number {
  const started = process.hrtime.bigint();
  const before = machineSeconds() - ourSeconds();
  return () => {
    const elapsed = Number(process.hrtime.bigint() - started) / 1e9;
    return Math.max(0, (machineSeconds() - ourSeconds() - before) / elapsed);
  };
}

/** The kernel counts these in ticks of 10 ms. */
const ticksPerSecond = 100;

/** CPU time of everything, and what the host gave to other machines. */
function machineSeconds(): number {
  const [, all = ''] = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = all
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}

/** CPU time of this process and all it started, those that ended included. */
function ourSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // The command in parentheses may hold spaces; cutime and cstime are fields 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended = (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
  return cpuNs([process.pid]) / 1e9 + ended;
}
