/** Owns a shell that tests type into, one command after the other, as a person would. */
import { spawn } from 'node:child_process';
import type { Scope } from './gateway-process.ts';

interface Shell {
  /** Runs a command to its end; resolves to what it printed, errors as well. Its exit code counts for nothing. */
  run(command: string): Promise<string>;
}

/** Stands alone in its output at the end of a command. */
const end = '--- and now the next command ---';

/** Ends with the scope, and whatever it has started in the background with it. */
export function openShell(
  scope: Pick<Scope, 'teardown'>,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Shell {
  const child = spawn('bash', ['-c', 'exec bash 2>&1'], {
    ...{ cwd, env },
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own: a shell that is killed leaves what it started.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  scope.teardown(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
  });
  let printed = '';
  let heard = (): void => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    heard();
  });
  return {
    async run(command) {
      child.stdin.write(`${command}\necho; echo '${end}'\n`);
      const until = `\n${end}\n`;
      await new Promise<void>((resolve, reject) => {
        heard = () => {
          if (printed.includes(until)) resolve();
        };
        void ended.then(() => reject(new Error(`the shell ended at: ${command}\n${printed}`)));
        heard();
      });
      const [said = '', ...rest] = printed.split(until);
      printed = rest.join(until);
      return said;
    },
  };
}
