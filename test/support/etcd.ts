/** Owns a real etcd process for tests: on free ports, in a scratch folder, killed and restarted at will. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import { killChild } from './programs.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

export interface EtcdProcess {
  /** `127.0.0.1:<port>` for clients. */
  readonly address: string;
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** SIGSTOP: alive, and silent. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same ports and data. */
  start(): Promise<void>;
  /** Once killed: all its data are gone. */
  wipe(): Promise<void>;
}

/** Starts etcd and stops it when the test ends. `args` are added to its command line. */
export async function startEtcd(
  t: Pick<ExecutionContext, 'teardown'>,
  args: readonly string[] = [],
): Promise<EtcdProcess> {
  const dir = await tempDir(t);
  const [client, peer] = await freePorts(2);
  const endpoint = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(
      'etcd',
      [
        ...['--data-dir', join(dir, 'etcd')],
        ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', `default=${peerUrl}`, '--log-level', 'error'],
        ...args,
      ],
      { stdio: 'ignore' },
    );
    const started = child;
    await until('etcd to be healthy', async () => {
      if (started.exitCode !== null) throw new Error(`etcd exited with ${started.exitCode}`);
      const answer = await fetch(`${endpoint}/health`);
      return answer.ok && (await answer.text()).includes('true');
    });
  }

  const kill = () => killChild(child);

  t.teardown(kill);
  await start();
  return {
    address: `127.0.0.1:${client}`,
    endpoint,
    kill,
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    start,
    wipe: () => rm(join(dir, 'etcd'), { recursive: true, force: true }),
  };
}
