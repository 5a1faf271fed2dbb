/** Owns the programs that are not ours: started, and stopped at the latest when the benchmark ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { atEnd } from '../cluster.ts';

interface Child {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server whose output goes to `logFile`. It ends with this process, however that ends. */
export function startChild(command: readonly string[], logFile: string): Child {
  const log = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = once(child, 'exit');
  const stop = async () => {
    if (!isRunning(child)) return;
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await exited;
    clearTimeout(killer);
  };
  exited.catch(() => undefined);
  atEnd.teardown(stop);
  return { pid: child.pid ?? 0, stop };
}

/** Runs a program to its end and returns its standard output. Rejects with what it wrote when it fails. */
export async function output(command: readonly string[]): Promise<string> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atEnd.teardown(() => child.kill('SIGKILL'));
  let out = '';
  let all = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
    all += chunk;
  });
  child.stderr.on('data', (chunk) => {
    all += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${all.trim()}`);
  return out;
}

/** The end of a program's log, to say why it isn't there. */
export function lastLines(logFile: string): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
