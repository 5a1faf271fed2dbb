/** Owns running the command in the process of a test, where a test runs it often: a process of its own costs most of a second of CPU. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { main } from '../../cli/main.ts';
import type { Io } from '../../cli/terminal.ts';
import { cleanEnv } from './command.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// A command that is told to stop by signals hears them for as long as its process lives.
process.setMaxListeners(50);

// What it prints goes to no terminal, whatever whoever runs the tests wants of colors.
delete process.env['FORCE_COLOR'];

/** Runs `isthmus` to its end. */
export async function inProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin = '',
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = Promise.all([text(stdout), text(stderr)]);
  const io = { stdin: Readable.from([stdin]), stdout, stderr, env: { ...env } } as unknown as Io;
  const code = await main(args, io);
  stdout.end();
  stderr.end();
  const [out, err] = await written;
  return { code, stdout: out, stderr: err };
}

/** The same, with nothing in its environment that leads to a configuration of whoever runs the tests. */
export function isthmus(
  args: readonly string[],
  { env, stdin }: { env?: Readonly<Record<string, string>>; stdin?: string } = {},
): Promise<Ran> {
  return inProcess(args, cleanEnv(env), stdin);
}
