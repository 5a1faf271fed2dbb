/** Owns running the real `isthmus` command in tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const bin = fileURLToPath(new URL('../../bin/isthmus.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
}

/** An environment that leads to no configuration of whoever runs the tests; the build runs, and what is compiled already stays compiled. */
export function cleanEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE, ISTHMUS_SOURCE } = process.env;
  return {
    PATH,
    HOME: '/nonexistent',
    ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
    ...(ISTHMUS_SOURCE && { ISTHMUS_SOURCE }),
    ...extra,
  };
}

/** Runs `isthmus` to its end. */
export function isthmus(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return ended(start(process.execPath, [bin, ...args], options), options.stdin);
}

export function start(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): ChildProcess {
  return spawn(program, args, {
    env: cleanEnv(options.env),
    stdio: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

export async function ended(child: ChildProcess, stdin = ''): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // A program that ends without reading its input is none of the test's business.
    child.stdin?.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error);
    });
    child.stdin?.end(stdin);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
