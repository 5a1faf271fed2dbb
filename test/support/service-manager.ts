/** Owns standing where systemd is in tests: a datagram socket, and what was said to it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { startProgram } from './programs.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

/** By which systemd-notify(1) waits until it is read. */
const barrier = 'BARRIER=1';
const listener = fileURLToPath(new URL('./datagram-listener.ts', import.meta.url));

interface ListeningManager {
  /** For `NOTIFY_SOCKET`. */
  readonly socket: string;
  /** What was said so far, a text for each message. */
  messages(): readonly string[];
}

export async function listenAsServiceManager(
  t: Pick<ExecutionContext, 'teardown'>,
): Promise<ListeningManager> {
  const socket = join(await tempDir(t), 'notify');
  const quiet = '--disable-warning=ExperimentalWarning';
  const program = startProgram(t, process.execPath, [quiet, listener, socket]);
  const lines = () => program.said().split('\n').slice(0, -1);
  await until('the service manager to listen', () => lines().length > 0);
  return {
    socket,
    messages: () => {
      const messages: string[] = lines()
        .slice(1)
        .map((line) => JSON.parse(line));
      return messages.filter((text) => text !== barrier);
    },
  };
}
