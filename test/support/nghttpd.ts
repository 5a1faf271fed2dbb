/** Owns nghttpd in tests: a real HTTP/2 server without TLS, as an endpoint that nobody here wrote. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import { type RunningProgram, startServer } from './programs.ts';
import { tempDir } from './temp-dir.ts';

interface Nghttpd {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Folder whose files it serves. */
  readonly root: string;
  readonly program: RunningProgram;
}

/** Starts it with `args`, such as `--echo-upload`. */
export async function startNghttpd(
  t: Pick<ExecutionContext, 'teardown'>,
  args: readonly string[] = [],
): Promise<Nghttpd> {
  const root = join(await tempDir(t), 'www');
  await mkdir(root);
  const [port = 0] = await freePorts(1);
  const program = await startServer(t, port, 'nghttpd', [
    '--no-tls',
    ...['--address', '127.0.0.1', '--htdocs', root],
    ...args,
    `${port}`,
  ]);
  return { address: `127.0.0.1:${port}`, root, program };
}
