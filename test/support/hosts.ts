/** Owns names in tests for programs that insist on resolving them: a table of hosts that only one program sees. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { tempDir } from './temp-dir.ts';

/**
 * A command that runs `command` where `names` are addresses of this machine. It needs user namespaces, as Linux has
 * them by default, or root.
 */
export async function withHosts(
  t: Pick<ExecutionContext, 'teardown'>,
  names: readonly string[],
  command: readonly string[],
): Promise<[program: string, ...args: string[]]> {
  const table = join(await tempDir(t), 'hosts');
  await writeFile(table, names.map((name) => `127.0.0.1 ${name}\n`).join(''));
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, table, ...command];
}
