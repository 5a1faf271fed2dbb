/** Owns the etcd of the scene: a node in each datacenter, TLS, and a user for each cluster, as `isthmus registry prepare` makes them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bin } from '../../cli/command.ts';
import { tokenArgs } from '../../support/etcd-users.ts';
import type { Scope } from '../../support/gateway-process.ts';
import { PemFolder, tenYears } from '../../support/pem-files.ts';
import { killChild, runOk } from '../../support/programs.ts';
import { until } from '../../support/until.ts';
import type { Machine, Network } from './network.ts';

interface Node {
  readonly name: string;
  readonly host: string;
  readonly machine: Machine;
}

const port = 2379;
const peerPort = 2380;
const root = 'root:pw';

export class EtcdNodes {
  readonly nodes: readonly Node[];
  readonly #network: Network;
  readonly #pems: PemFolder;
  readonly #dir: string;
  readonly #tokenArgs: readonly string[];
  readonly #rights = new Map<string, readonly string[]>();
  /** Those that gateways were not told. */
  readonly #passwords = new Map<string, string>();
  readonly #children = new Map<string, ChildProcess>();
  #admin: readonly string[] = [];

  private constructor(
    nodes: readonly Node[],
    network: Network,
    dir: string,
    tokens: readonly string[],
  ) {
    this.nodes = nodes;
    this.#network = network;
    this.#dir = dir;
    this.#pems = new PemFolder(dir);
    this.#tokenArgs = tokens;
  }

  static async start(
    t: Pick<Scope, 'teardown'>,
    network: Network,
    dir: string,
    nodes: readonly Node[],
  ): Promise<EtcdNodes> {
    await mkdir(dir, { recursive: true });
    const etcd = new EtcdNodes(nodes, network, dir, await tokenArgs(t, 'jwt'));
    t.teardown(() => Promise.all(nodes.map((node) => etcd.kill(node))));
    const { cert, key } = await etcd.#certificate('admin', 'admin.test');
    await etcd.#pems.ca();
    for (const { host } of nodes) await etcd.#certificate(host, host);
    etcd.#admin = ['--insecure-skip-tls-verify', '--cert', cert, '--key', key];
    await etcd.startAll();
    await etcd.#makeRoot();
    return etcd;
  }

  /** Long enough that a clock which is off does not end it: these are not ours to renew. */
  #certificate(name: string, host: string) {
    const lasting = { notBefore: Date.now() - tenYears, notAfter: Date.now() + tenYears };
    return this.#pems.write(name, this.#pems.issue([host], lasting));
  }

  /** Gives a cluster a user, and a certificate; returns what its gateways are configured with. */
  async admit(cluster: string, ...rights: readonly string[]): Promise<object> {
    const passwordFile = join(this.#dir, `${cluster}.password`);
    const pair = await this.#certificate(cluster, `${cluster}.test`);
    this.#rights.set(cluster, rights);
    await this.#prepare(cluster, rights);
    // The nearest first.
    const nodes = [this.at(cluster), ...this.nodes.filter(({ name }) => name !== cluster)];
    const endpoints = nodes.map(({ host }) => `https://${host}:${port}`);
    const ca = join(this.#dir, 'ca.pem');
    return { endpoints, ca, ...pair, username: `${cluster}.acme`, passwordFile };
  }

  /** `isthmus registry prepare`, as an administrator of etcd types it. */
  async #prepare(cluster: string, rights: readonly string[]): Promise<void> {
    const [first] = this.nodes as [Node];
    const [cert, key] = [join(this.#dir, 'admin.pem'), join(this.#dir, 'admin.key')];
    const password = await this.#pems.put('root.password', 'pw\n');
    const [program, ...args] = this.#network.at(first.machine);
    await runOk(program, [
      ...[...args, process.execPath, bin, 'registry', 'prepare', '--federation', 'acme'],
      ...['--endpoints', `https://${first.machine.address}:${port}`, '--server-name', first.host],
      ...['--ca', join(this.#dir, 'ca.pem'), '--cert', cert, '--key', key],
      ...['--user', 'root', '--password-file', password, '--cluster', cluster],
      ...['--write-password', join(this.#dir, `${cluster}.password`)],
      ...rights.flatMap((right) => ['--may', right]),
    ]);
  }

  async #makeRoot(): Promise<void> {
    await this.#ctl([], 'user', 'add', root);
    await this.#ctl([], 'user', 'grant-role', 'root', 'root');
    await this.#ctl([], 'auth', 'enable');
  }

  /** `etcdctl`, as root, at all nodes. */
  run(...args: readonly string[]): Promise<string> {
    return this.#ctl(['--user', root], ...args);
  }

  #ctl(user: readonly string[], ...args: readonly string[]): Promise<string> {
    return this.#ctlAt(this.nodes, user, args);
  }

  #ctlAt(nodes: readonly Node[], user: readonly string[], args: readonly string[], input = '') {
    const [first] = this.nodes as [Node];
    const [program, ...before] = this.#network.at(first.machine);
    const endpoints = nodes.map(({ machine }) => `https://${machine.address}:${port}`).join();
    const common = ['--command-timeout', '20s', '--dial-timeout', '5s', '--endpoints', endpoints];
    return runOk(program, [...before, 'etcdctl', ...common, ...this.#admin, ...user, ...args], {
      env: { ETCDCTL_API: '3' },
      input,
    });
  }

  /** The node in a datacenter. */
  at(datacenter: string): Node {
    const node = this.nodes.find(({ name }) => name === datacenter);
    if (node === undefined) throw new Error(`etcd has no node in ${datacenter}`);
    return node;
  }

  /** Writes a value whatever is in it. */
  async put(key: string, value: string): Promise<void> {
    await this.#ctlAt(this.nodes, ['--user', root], ['put', key], value);
  }

  /** Of its history only the newest revision is left. */
  async compact(): Promise<void> {
    const text = await this.run('endpoint', 'status', '-w', 'json');
    const revisions: number[] = JSON.parse(text).map(
      ({ Status: { header } }: { Status: { header: { revision: number } } }) => header.revision,
    );
    await this.run('compact', '--physical', String(Math.min(...revisions)));
  }

  /** The password of a cluster's user is another one, and its gateways are not told. */
  async changePassword(cluster: string): Promise<void> {
    const password = randomBytes(24).toString('base64url');
    const args = ['user', 'passwd', `${cluster}.acme`, '--interactive=false'];
    await this.#ctlAt(this.nodes, ['--user', root], args, `${password}\n`);
    this.#passwords.set(cluster, password);
  }

  /** Puts the password that the user of a cluster has where its gateways look for it. */
  async tellPassword(cluster: string): Promise<void> {
    await this.#pems.put(`${cluster}.password`, `${this.#passwords.get(cluster)}\n`);
  }

  /** The node that leads. */
  async leader(): Promise<Node> {
    const status = ['endpoint', 'status', '-w', 'json'];
    for (const node of this.nodes) {
      const text = await this.#ctlAt([node], ['--user', root], status);
      const [{ Status: said }] = JSON.parse(text);
      if (said.leader === said.header.member_id) return node;
    }
    throw new Error('no node of etcd leads');
  }

  spawn({ name, host, machine }: Node, state: 'new' | 'existing' = 'new'): void {
    const [program, ...args] = this.#network.at(machine);
    const peer = `http://${machine.address}:${peerPort}`;
    const peers = this.nodes.map((one) => `${one.name}=http://${one.machine.address}:${peerPort}`);
    const child = spawn(
      program,
      [
        ...[...args, 'etcd', '--name', name, '--data-dir', this.#data(name)],
        ...['--listen-client-urls', `https://${machine.address}:${port}`],
        ...['--advertise-client-urls', `https://${host}:${port}`],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', peers.join(), '--initial-cluster-state', state],
        ...['--cert-file', join(this.#dir, `${host}.pem`)],
        ...['--key-file', join(this.#dir, `${host}.key`)],
        ...['--client-cert-auth', '--trusted-ca-file', join(this.#dir, 'ca.pem')],
        ...['--log-level', 'error', ...this.#tokenArgs],
      ],
      { stdio: 'ignore' },
    );
    this.#children.set(name, child);
  }

  #data(name: string): string {
    return join(this.#dir, `${name}.etcd`);
  }

  async startAll(): Promise<void> {
    for (const node of this.nodes) if (!this.isRunning(node)) this.spawn(node);
    await until('etcd to be healthy', () => this.#ctl([], 'endpoint', 'health').then(() => true));
  }

  isRunning({ name }: Node): boolean {
    const child = this.#children.get(name);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  kill({ name }: Node): Promise<void> {
    return killChild(this.#children.get(name));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.kill(node)));
  }

  /** SIGSTOP: alive, and silent. */
  pause({ name }: Node): void {
    this.#children.get(name)?.kill('SIGSTOP');
  }

  resume({ name }: Node): void {
    this.#children.get(name)?.kill('SIGCONT');
  }

  /** Once all are killed: their data are gone, users included. */
  async wipe(): Promise<void> {
    for (const { name } of this.nodes) await rm(this.#data(name), { recursive: true, force: true });
  }

  /** What it holds now, as a file. */
  async save(): Promise<string> {
    const file = join(this.#dir, 'backup.db');
    await rm(file, { force: true });
    await this.#ctlAt([await this.leader()], ['--user', root], ['snapshot', 'save', file]);
    return file;
  }

  /** Once all are killed: their data are those of a file that `save` made. */
  async restore(file: string): Promise<void> {
    await this.wipe();
    const peers = this.nodes.map((one) => `${one.name}=http://${one.machine.address}:${peerPort}`);
    for (const { name, machine } of this.nodes) {
      const peer = `http://${machine.address}:${peerPort}`;
      await runOk(
        'etcdctl',
        [
          ...['snapshot', 'restore', file, '--name', name, '--data-dir', this.#data(name)],
          ...['--initial-cluster', peers.join(), '--initial-advertise-peer-urls', peer],
        ],
        { env: { ETCDCTL_API: '3' } },
      );
    }
  }

  /** Its users as they were before it was wiped, with the passwords that they had. */
  async makeUsersAgain(): Promise<void> {
    await this.#ctl([], 'user', 'add', root);
    await this.#ctl([], 'user', 'grant-role', 'root', 'root');
    for (const cluster of this.#rights.keys()) {
      const password = await readFile(join(this.#dir, `${cluster}.password`), 'utf8');
      await this.#ctl([], 'user', 'add', `${cluster}.acme:${password.trim()}`);
    }
    await this.#ctl([], 'auth', 'enable');
    for (const [cluster, rights] of this.#rights) await this.#prepare(cluster, rights);
  }
}
