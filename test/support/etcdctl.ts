/** Owns running the real `etcdctl` in tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import { killChild } from './programs.ts';

export interface Etcdctl {
  /** Runs a command to its end; resolves with what it printed, rejects with what it complained of. */
  (...args: string[]): Promise<string>;
  /** Runs a command with `input` on its standard input. */
  withInput(input: string, ...args: string[]): Promise<string>;
  /** Starts a command that goes on; `output` grows. Killed when the test ends. */
  start(...args: string[]): { output(): string };
}

/** A busy machine may need longer than its own five seconds. */
const common = ['--command-timeout', '30s', '--dial-timeout', '30s'];

export function etcdctl(
  t: Pick<ExecutionContext, 'teardown'>,
  endpoint: string,
  flags: readonly string[] = [],
): Etcdctl {
  const env = { ...process.env, ETCDCTL_API: '3' };

  function launch(args: readonly string[]) {
    const child = spawn('etcdctl', [...common, '--endpoints', endpoint, ...flags, ...args], {
      env,
    });
    const text = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      text.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      text.err += chunk;
    });
    return { child, text };
  }

  async function run(input: string, args: readonly string[]): Promise<string> {
    const { child, text } = launch(args);
    // A command that takes no input may be gone before it is offered; its exit code tells whether it failed.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(text.err);
    return text.out;
  }

  return Object.assign((...args: string[]) => run('', args), {
    withInput: (input: string, ...args: string[]) => run(input, args),
    start(...args: string[]) {
      const { child, text } = launch(args);
      t.teardown(() => killChild(child));
      return { output: () => text.out };
    },
  });
}
