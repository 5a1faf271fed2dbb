/** Owns names in tests for programs that insist on resolving them: a table of hosts, or a name server, that only one program sees. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { tempDir } from './temp-dir.ts';

type Command = readonly string[];
type Begun = [program: string, ...args: string[]];

/** A command that runs `command` where `names` are addresses of this machine. */
export function withHosts(
  t: Pick<ExecutionContext, 'teardown'>,
  names: readonly string[],
  command: Command,
): Promise<Begun> {
  return withAddresses(t, Object.fromEntries(names.map((name) => [name, '127.0.0.1'])), command);
}

/** A command that runs `command` where each of these names has this address, and no other name has any. */
export function withAddresses(
  t: Pick<ExecutionContext, 'teardown'>,
  addresses: Readonly<Record<string, string>>,
  command: Command,
): Promise<Begun> {
  const lines = Object.entries(addresses).map(([name, address]) => `${address} ${name}\n`);
  return withFile(t, '/etc/hosts', lines.join(''), command);
}

/** A command that runs `command` where names are asked of one server, `host:port`. */
export function withNameServer(
  t: Pick<ExecutionContext, 'teardown'>,
  server: string,
  command: Command,
): Promise<Begun> {
  return withFile(t, '/etc/resolv.conf', `nameserver ${server}\n`, command);
}

/** Runs it where a file of the system is another one. It needs user namespaces, as Linux has them by default, or root. */
async function withFile(
  t: Pick<ExecutionContext, 'teardown'>,
  path: string,
  content: string,
  command: Command,
): Promise<Begun> {
  const file = join(await tempDir(t), 'file');
  await writeFile(file, content);
  const script = `mount --bind "$0" ${path} && exec "$@"`;
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, file, ...command];
}
