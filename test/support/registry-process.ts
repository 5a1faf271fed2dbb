/** Owns an embedded registry in a process of its own, so that a test can kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import { killChild } from './programs.ts';
import { tempDir } from './temp-dir.ts';

export interface RegistryProcess {
  readonly address: string;
  readonly file: string;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same address and file. */
  start(): Promise<void>;
}

const program = fileURLToPath(import.meta.resolve('./registry-main.ts'));

/** Starts it over a scratch file and kills it when the test ends. */
export async function startRegistryProcess(
  t: Pick<ExecutionContext, 'teardown'>,
): Promise<RegistryProcess> {
  const file = join(await tempDir(t), 'registry.db');
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(process.execPath, [program, file, address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`the registry exited with ${code}`);
    });
    if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), exited]);
    // Later exits are the test's own doing.
    exited.catch(() => {});
  }

  const kill = () => killChild(child);

  t.teardown(kill);
  await start();
  return { address, file, kill, start };
}
