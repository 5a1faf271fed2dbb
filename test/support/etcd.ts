/** Owns real etcd processes for tests, alone or as members of one etcd: on free ports, in scratch folders, killed and restarted at will. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import { etcdctl } from './etcdctl.ts';
import { killChild } from './programs.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

export interface EtcdProcess {
  /** `127.0.0.1:<port>` for clients. */
  readonly address: string;
  /** `http://127.0.0.1:<port>`, or with https. */
  readonly endpoint: string;
  /** How many calls of a gRPC method it has begun to serve since it was started, such as `Authenticate`. */
  calls(method: string): Promise<number>;
  /** Whether it runs, and leads. */
  isLeader(): Promise<boolean>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** SIGSTOP: alive, and silent. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same ports and data. */
  start(): Promise<void>;
  /** Once killed: all its data are gone. */
  wipe(): Promise<void>;
  /** Once killed: its data are those of a file that `etcdctl snapshot save` wrote. */
  restore(snapshot: string): Promise<void>;
}

/** PEM files. */
export interface EtcdTls {
  readonly cert: string;
  readonly key: string;
  /** Whose certificates clients have to have. */
  readonly clientCa: string;
}

/** Members of one etcd. */
export interface EtcdMembers {
  readonly all: readonly EtcdProcess[];
  readonly endpoints: readonly string[];
  leader(): Promise<EtcdProcess>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** A port that was free may have been taken by somebody else before etcd came to it. */
const mostTries = 3;

/** Starts etcd and stops it when the test ends. `args` are added to its command line. */
export async function startEtcd(
  t: Pick<ExecutionContext, 'teardown'>,
  args: readonly string[] = [],
  tls?: EtcdTls,
): Promise<EtcdProcess> {
  const { all } = await startEtcds(t, 1, args, tls);
  return all[0] as EtcdProcess;
}

/** The same with so many members. */
export async function startEtcds(
  t: Pick<ExecutionContext, 'teardown'>,
  size: number,
  args: readonly string[] = [],
  tls?: EtcdTls,
): Promise<EtcdMembers> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnFreePorts(t, size, args, tls);
    } catch (thrown) {
      if (tries === mostTries) throw thrown;
    }
  }
}

async function startOnFreePorts(
  t: Pick<ExecutionContext, 'teardown'>,
  size: number,
  args: readonly string[],
  tls: EtcdTls | undefined,
): Promise<EtcdMembers> {
  const ports = await freePorts(3 * size);
  const places = Array.from({ length: size }, (_, i): Place => {
    const [client, peer, metrics] = ports.slice(3 * i);
    return {
      name: size === 1 ? 'default' : `etcd-${i + 1}`,
      address: `127.0.0.1:${client}`,
      peerUrl: `http://127.0.0.1:${peer}`,
      metricsUrl: `http://127.0.0.1:${metrics}`,
    };
  });
  const cluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const made = places.map((place) =>
    prepare(t, place, ['--initial-cluster', cluster, ...args], tls),
  );
  const all = await Promise.all(made);
  const start = async () => void (await Promise.all(all.map((member) => member.start())));
  await start();
  return {
    all,
    endpoints: all.map(({ endpoint }) => endpoint),
    leader: () =>
      until('a leader', async () => {
        for (const member of all) if (await member.isLeader()) return member;
        return undefined;
      }),
    kill: async () => void (await Promise.all(all.map((member) => member.kill()))),
    start,
  };
}

interface Place {
  readonly name: string;
  readonly address: string;
  readonly peerUrl: string;
  readonly metricsUrl: string;
}

/** A member that does not run yet. */
async function prepare(
  t: Pick<ExecutionContext, 'teardown'>,
  { name, address, peerUrl, metricsUrl }: Place,
  args: readonly string[],
  tls: EtcdTls | undefined,
): Promise<EtcdProcess> {
  const dir = await tempDir(t);
  const endpoint = `${tls === undefined ? 'http' : 'https'}://${address}`;
  const tlsArgs =
    tls === undefined
      ? []
      : [
          ...['--cert-file', tls.cert, '--key-file', tls.key],
          ...['--client-cert-auth', '--trusted-ca-file', tls.clientCa],
        ];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(
      'etcd',
      [
        ...['--name', name, '--data-dir', join(dir, 'etcd')],
        ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--log-level', 'error', '--listen-metrics-urls', metricsUrl, ...tlsArgs],
        ...args,
      ],
      { stdio: 'ignore' },
    );
    const started = child;
    const outcome = await until('etcd to be healthy', async () => {
      if (started.exitCode !== null) return 'exited';
      const answer = await fetch(`${metricsUrl}/health`);
      return answer.ok && (await answer.text()).includes('true') && 'healthy';
    });
    if (outcome === 'exited') throw new Error(`etcd exited with ${started.exitCode}`);
  }

  const kill = () => killChild(child);
  const wipe = () => rm(join(dir, 'etcd'), { recursive: true, force: true });

  async function metrics(): Promise<string> {
    return (await fetch(`${metricsUrl}/metrics`)).text();
  }

  t.teardown(kill);
  return {
    address,
    endpoint,
    async isLeader() {
      if (child?.exitCode !== null || child.signalCode !== null) return false;
      return /^etcd_server_is_leader 1$/m.test(await metrics());
    },
    async calls(method) {
      const text = await metrics();
      const counts = text.matchAll(/^grpc_server_started_total\{grpc_method="(\w+)".*\} (\S+)$/gm);
      return [...counts].reduce((sum, [, name, n]) => sum + (name === method ? Number(n) : 0), 0);
    },
    kill,
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    start,
    wipe,
    async restore(snapshot) {
      await wipe();
      await etcdctl(t, endpoint)(
        ...['snapshot', 'restore', snapshot, '--data-dir', join(dir, 'etcd')],
        ...['--initial-cluster', `default=${peerUrl}`, '--initial-advertise-peer-urls', peerUrl],
      );
    },
  };
}
