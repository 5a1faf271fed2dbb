/** Owns carrying words to the service manager's socket (sd_notify(3)), by systemd's own program. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';

/** `READY=1` and its like; `STATUS=` is followed by words of any kind. */
type Word =
  | `${'READY' | 'RELOADING' | 'STOPPING' | 'WATCHDOG'}=1`
  | `${'MAINPID' | 'MONOTONIC_USEC'}=${number | bigint}`
  | `STATUS=${string}`;

/** Takes the words of one message; resolves once the service manager has read it, or can't. Never rejects: traffic does not depend on it. */
export type Tell = (...words: readonly Word[]) => Promise<void>;

/**
 * A line on its input is a message, words between tabs; it answers each by an empty line. It is a shell, and stays: Node.js has no datagram sockets on
 * paths, and a large process that starts a program stands still meanwhile (docs/decisions/030-service-manager.md).
 */
const script = "set -f; IFS='\t'; while read -r words; do systemd-notify $words; echo; done";

/** Undefined where nobody asked to be told. The log says what went wrong. */
export function messengerFor(env: NodeJS.ProcessEnv, log: Log): Tell | undefined {
  if (!env['NOTIFY_SOCKET']) return undefined;
  let shell = start(env, log);
  return (...words) => {
    if (shell.hasEnded()) shell = start(env, log);
    return shell.send(words.map((word) => word.replace(/\s+/g, ' ')).join('\t'));
  };
}

interface Shell {
  hasEnded(): boolean;
  send(line: string): Promise<void>;
}

function start(env: NodeJS.ProcessEnv, log: Log): Shell {
  const child = spawn('/bin/sh', ['-c', script], { env, stdio: 'pipe' });
  const waiting: (() => void)[] = [];
  const warn = (why: string) => log.warn({ why }, 'the service manager could not be told');
  const failed = (error: Error) => warn(messageOf(error));
  child.on('error', failed);
  child.stdin.on('error', failed);
  child.stderr.on('data', (text) => warn(String(text).trim()));
  child.stdout.on('data', (lines: Buffer) => {
    for (const done of waiting.splice(0, lines.length)) done();
  });
  child.on('close', () => {
    for (const done of waiting.splice(0)) done();
  });
  letGo(child);
  return {
    hasEnded: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
    send: (line) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${line}\n`);
      }),
  };
}

/** This process need not wait for the end of `child`, which comes with its own. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    (stream as Socket | null)?.unref();
}
