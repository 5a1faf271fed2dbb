/** Owns the network of the scene: a namespace for each machine, a bridge and a router for each datacenter, and nftables in all of them. */
import { existsSync } from 'node:fs';
import type { Scope } from '../../support/gateway-process.ts';
import { run, runOk } from '../../support/programs.ts';

/** A machine in a datacenter. */
export interface Machine {
  /** Name of its network namespace. */
  readonly namespace: string;
  readonly address: string;
}

/** Which packets are dropped: what comes from one of `from`, goes to one of `to`, or to a port. */
interface Cut {
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly port?: readonly [protocol: 'tcp' | 'udp', port: number];
}

const prefix = 'isf';

/** By its path: among the programs of npm's packages there is another one of that name. */
export const nft = '/usr/sbin/nft';

/** Address of the router in the middle, at which the bad line listens: it is nobody's datacenter. */
const middle = '10.9.0.1';

export class Network {
  readonly #prefix: string;
  readonly #namespaces: string[] = [];
  /** Machines of each datacenter, by the number of it. */
  readonly #machines = new Map<number, number>();

  /** Namespaces are of the whole machine: each run has names of its own. */
  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The router in the middle, and a router for each datacenter, which has 10.<number>.0.0/24. */
  static async make(t: Pick<Scope, 'teardown'>, datacenters: readonly number[]): Promise<Network> {
    await removeLeftOvers();
    const network = new Network(`${prefix}${process.pid}`);
    t.teardown(() => network.#remove());
    const core = await network.#namespace('core');
    await runOk('ip', ['-n', core, 'addr', 'add', `${middle}/32`, 'dev', 'lo']);
    for (const dc of datacenters) await network.#datacenter(core, dc);
    return network;
  }

  /** Address at which the router in the middle can be reached from everywhere. */
  get middle(): Machine {
    return { namespace: this.#name('core'), address: middle };
  }

  async #namespace(name: string): Promise<string> {
    const namespace = this.#name(name);
    await runOk('ip', ['netns', 'add', namespace]);
    this.#namespaces.push(namespace);
    await runOk('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
    const [program, ...args] = inside(namespace);
    await runOk(program, [...args, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    await this.#nft(namespace, emptyTable);
    return namespace;
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  async #datacenter(core: string, dc: number): Promise<void> {
    const router = await this.#namespace(`dc${dc}`);
    await this.#batch([
      `link add name dc${dc} netns ${core} type veth peer name wan netns ${router}`,
    ]);
    await this.#batch(
      [
        `addr add 172.30.${dc}.1/30 dev dc${dc}`,
        `link set dc${dc} up`,
        `route add 10.${dc}.0.0/24 via 172.30.${dc}.2`,
      ],
      core,
    );
    await this.#batch(
      [
        `addr add 172.30.${dc}.2/30 dev wan`,
        'link set wan up',
        `route add default via 172.30.${dc}.1`,
        'link add br0 type bridge',
        `addr add 10.${dc}.0.1/24 dev br0`,
        'link set br0 up',
      ],
      router,
    );
  }

  /** Adds a machine to a datacenter. */
  async machine(dc: number, name: string): Promise<Machine> {
    const number = (this.#machines.get(dc) ?? 1) + 1;
    this.#machines.set(dc, number);
    const address = `10.${dc}.0.${number}`;
    const namespace = await this.#namespace(`dc${dc}-${name}`);
    const router = this.#name(`dc${dc}`);
    const port = `m${number}`;
    await this.#batch([
      `link add name ${port} netns ${router} type veth peer name eth0 netns ${namespace}`,
    ]);
    await this.#batch([`link set ${port} master br0`, `link set ${port} up`], router);
    await this.#batch(
      [`addr add ${address}/24 dev eth0`, 'link set eth0 up', `route add default via 10.${dc}.0.1`],
      namespace,
    );
    return { namespace, address };
  }

  /** Drops packets at a machine, in silence. */
  async cut({ namespace }: Machine, { from = [], to = [], port }: Cut): Promise<void> {
    const rules = [
      ...from.map((address) => `add rule inet faults in ip saddr ${address} drop`),
      ...to.map((address) => `add rule inet faults out ip daddr ${address} drop`),
      ...(port === undefined ? [] : [`add rule inet faults out ${port[0]} dport ${port[1]} drop`]),
    ];
    await this.#nft(namespace, rules.join('\n'));
  }

  /** Drops, in silence, what a datacenter sends to all others, and what it gets from them. */
  async cutDatacenter(dc: number): Promise<void> {
    const rules = [
      `add rule inet faults in iifname dc${dc} drop`,
      `add rule inet faults out oifname dc${dc} drop`,
    ];
    await this.#nft(this.#name('core'), rules.join('\n'));
  }

  /** Drops, in silence, what one datacenter sends to another; the way back is as it was. */
  async cutWay(from: number, to: number): Promise<void> {
    await this.#nft(
      this.#name('core'),
      `add rule inet faults in iifname dc${from} ip daddr 10.${to}.0.0/24 drop`,
    );
  }

  /** Ends every cut. */
  async mend(): Promise<void> {
    for (const namespace of this.#namespaces) await this.#nft(namespace, 'flush table inet faults');
  }

  /** The words before a command that has it run at a machine. */
  at({ namespace }: Machine): readonly [string, ...string[]] {
    return inside(namespace);
  }

  async #remove(): Promise<void> {
    for (const namespace of this.#namespaces.reverse())
      await run('ip', ['netns', 'del', namespace]);
  }

  async #batch(commands: readonly string[], namespace?: string): Promise<void> {
    const where = namespace === undefined ? [] : ['-n', namespace];
    await runOk('ip', [...where, '-batch', '-'], { input: `${commands.join('\n')}\n` });
  }

  async #nft(namespace: string, rules: string): Promise<void> {
    const [program, ...args] = inside(namespace);
    await runOk(program, [...args, nft, '-f', '-'], { input: `${rules}\n` });
  }
}

/** Namespaces of a run that was killed before it could remove them. */
async function removeLeftOvers(): Promise<void> {
  const names = (await runOk('ip', ['netns', 'list']))
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');
  for (const name of names) {
    const [, run] = new RegExp(`^${prefix}(\\d+)-`).exec(name) ?? [];
    if (run !== undefined && !existsSync(`/proc/${run}`)) await runOk('ip', ['netns', 'del', name]);
  }
}

function inside(namespace: string): readonly [string, ...string[]] {
  return ['nsenter', `--net=/run/netns/${namespace}`];
}

/** Its chains see all packets: those for the machine itself, and those that it passes on. */
const emptyTable = `
table inet faults {
  chain in { type filter hook prerouting priority 0; }
  chain out { type filter hook postrouting priority 0; }
}`;
