/** Owns other people's programs in tests: run to their end, or kept running as long as a test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ExecutionContext } from 'ava';
import { until } from './until.ts';

/** How a program ended, and what it said. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProgram {
  readonly pid: number;
  /** What it has said so far, on both outputs. */
  said(): string;
  /** SIGTERM, and SIGKILL where that is not heard within 2 s. */
  stop(): Promise<void>;
}

/** Debian keeps servers where only root's shell looks. No proxy of whoever runs the tests is used. */
const environment = {
  PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
  HOME: '/nonexistent',
  LANG: 'C.UTF-8',
};

interface RunOptions {
  /** On its standard input; default nothing. */
  readonly input?: string | Buffer;
  /** It is killed after that; default 30 s. */
  readonly timeoutMs?: number;
  /** Where it is started; default here. */
  readonly cwd?: string;
  /** Variables of its environment beside the usual, or in their place. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end, whatever its exit code. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Run> {
  const child = spawn(program, args, {
    env: { ...environment, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
  // A program that ends without reading its input tells by its exit code why.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [code] = await once(child, 'close');
  return {
    code,
    stdout: Buffer.concat(out).toString('latin1'),
    stderr: Buffer.concat(err).toString(),
  };
}

/** As `run`, and the program must end well; resolves to what it printed. */
export async function runOk(...args: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** Starts a program that ends with the test. */
export function startProgram(
  t: Pick<ExecutionContext, 'teardown'>,
  program: string,
  args: readonly string[],
): RunningProgram {
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  child.on('error', (error) => {
    text += error.message;
  });
  const stop = () => stopChild(child);
  t.teardown(stop);
  return { pid: child.pid ?? 0, said: () => text, stop };
}

/** Starts a server on `port` of 127.0.0.1 and waits until it accepts connections. */
export async function startServer(
  t: Pick<ExecutionContext, 'teardown'>,
  port: number,
  program: string,
  args: readonly string[],
): Promise<RunningProgram> {
  const server = startProgram(t, program, args);
  try {
    await until(`${program} to listen`, () => accepts(port));
  } catch (cause) {
    throw new Error(`${program} does not listen: ${server.said()}`, { cause });
  }
  return server;
}

/** SIGKILL, as a crash; resolves when it is gone, which it may have been before. */
export async function killChild(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || hasEnded(child)) return;
  const gone = once(child, 'exit');
  if (child.kill('SIGKILL')) await gone;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(killer);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
