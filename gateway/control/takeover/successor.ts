/** Owns starting the process that takes this one's place: with this one's sockets, and watched until it is ready. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import { mapListeners } from '../../data/worker/listeners.ts';
import type { Sockets } from '../workers/places.ts';
import { channelFd, type Handover, handoverVariable, listenTo, say } from './handover.ts';

/** How long it may take to start, with everything it waits for. */
const startMs = 60_000;

interface SuccessorOptions {
  /** The sockets of this process. */
  readonly sockets: Sockets;
  readonly addresses: Handover['addresses'];
  readonly clock: Clock;
}

export interface Successor {
  readonly pid: number;
  /** Tells it that everything is its own from now on, and lets it go. */
  release(): void;
}

/**
 * Starts this program anew, as it was started: what its path leads to now is what runs. Resolves when it takes requests
 * too. Throws TAKEOVER_FAILED; then it is gone, and nothing has changed.
 */
export async function startSuccessor(options: SuccessorOptions): Promise<Successor> {
  const { sockets, addresses, clock } = options;
  const inherited: number[] = [];
  const inSuccessor = (fd: number): number => channelFd + inherited.push(fd);
  const handover: Handover = {
    sockets: mapListeners(sockets, (fds) => fds.map(inSuccessor)),
    addresses,
  };
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', ...inherited],
    env: { ...process.env, [handoverVariable]: JSON.stringify(handover) },
  });
  const channel = child.stdio[channelFd] as unknown as Duplex;
  try {
    await ready(child, channel, clock);
  } catch (thrown) {
    child.kill('SIGKILL');
    throw thrown;
  }
  return {
    pid: child.pid ?? 0,
    release() {
      say(channel, 'released');
      child.unref();
    },
  };
}

function ready(child: ChildProcess, channel: Duplex, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (what: string, cause?: unknown): void => {
      cancel();
      reject(new IsthmusError('TAKEOVER_FAILED', { what, cause }));
    };
    const cancel = clock.after(startMs, () =>
      fail(`The new process was not ready within ${startMs / 1000} s`),
    );
    child.once('error', (cause) =>
      fail(`The new process can't be started: ${messageOf(cause)}`, cause),
    );
    child.once('exit', (code, signal) => fail(`The new process ended with ${signal ?? code}`));
    channel.on('error', (cause) => fail(`The new process can't be heard: ${messageOf(cause)}`));
    listenTo(channel, (word) => {
      if (word !== 'ready') return;
      cancel();
      resolve();
    });
  });
}
