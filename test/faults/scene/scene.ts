/** Owns the scene of the faults: three datacenters, each in a network of its own, with their gateways, services and clients, and the registry that they share. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterItem } from '../../../gateway/control/api/answers.ts';
import { GatewayProcess, type Scope } from '../../support/gateway-process.ts';
import { run, runOk } from '../../support/programs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import type { Asked, Executed } from '../ledger.ts';
import type { ClientPlan } from './client-main.ts';
import { EtcdNodes } from './etcd-nodes.ts';
import { SceneGateway } from './gateway.ts';
import { Helper } from './helper.ts';
import type { LinePlan, LineState } from './line-main.ts';
import { Losses } from './losses.ts';
import { type Machine, Network } from './network.ts';
import { now } from './now.ts';
import {
  type Datacenter,
  datacenters,
  everywhere,
  gatewaysOf,
  host,
  instances,
  numberOf,
  portOf,
  ports,
  regionOf,
  rightsOf,
  servicesIn,
  stockOf,
} from './plan.ts';
import type { ServicesPlan } from './services-main.ts';

export type Registry = 'etcd' | 'embedded';

/** A silent cut is over for new requests after that, and one round trip, of which there is next to none here. */
const outOfRotationMs = 1_500;
/** A link is tried again at least that often, once the way is there again. */
const triedAgainMs = 5_000;
/** Room for the data of a gateway, so that it can be filled. */
const diskSize = '64m';
const perSecond = { GET: 50, POST: 20 };

interface Site {
  readonly app: Machine;
  readonly etcd: Machine;
  readonly gateways: Readonly<Record<string, Machine>>;
}

export class Scene {
  readonly registry: Registry;
  readonly network: Network;
  readonly gateways: readonly SceneGateway[];
  readonly losses: Losses;
  readonly #etcd: EtcdNodes | undefined;
  readonly #services: readonly Helper[];
  readonly #clients: readonly Helper[];
  readonly #line: Helper;

  private constructor(parts: {
    readonly registry: Registry;
    readonly network: Network;
    readonly gateways: readonly SceneGateway[];
    readonly losses: Losses;
    readonly etcd: EtcdNodes | undefined;
    readonly services: readonly Helper[];
    readonly clients: readonly Helper[];
    readonly line: Helper;
  }) {
    this.registry = parts.registry;
    this.network = parts.network;
    this.gateways = parts.gateways;
    this.losses = parts.losses;
    this.#etcd = parts.etcd;
    this.#services = parts.services;
    this.#clients = parts.clients;
    this.#line = parts.line;
  }

  /** Builds it and waits until it is whole; clients ask nothing yet. */
  static async build(t: Scope, registry: Registry): Promise<Scene> {
    const dir = await tempDir(t);
    const network = await Network.make(t, datacenters.map(numberOf));
    const sites = new Map<Datacenter, Site>();
    for (const datacenter of datacenters) sites.set(datacenter, await site(network, datacenter));
    const siteOf = (datacenter: Datacenter) => sites.get(datacenter) as Site;

    const names = namesOf(siteOf, network.middle);
    const services = await Promise.all(
      datacenters.map((datacenter) => {
        const { app } = siteOf(datacenter);
        const plan: ServicesPlan = {
          datacenter,
          address: app.address,
          ports: servicesIn(datacenter).flatMap((service) =>
            instances.map((i) => portOf(service, i)),
          ),
          names,
        };
        return Helper.start(t, network.at(app), 'services-main.ts', plan);
      }),
    );
    const etcd = registry === 'etcd' ? await startEtcd(t, network, dir, siteOf) : undefined;
    const losses = new Losses();
    const gateways: SceneGateway[] = [];
    for (const datacenter of datacenters) {
      const access = await etcd?.admit(datacenter, ...rightsOf[datacenter]);
      for (const gateway of gatewaysOf[datacenter]) {
        const parts = {
          t,
          network,
          dir,
          losses,
          datacenter,
          gateway,
          access,
          site: siteOf(datacenter),
        };
        gateways.push(await prepareGateway(parts));
      }
    }
    const clients = await Promise.all(
      datacenters.map((datacenter) => startClient(t, network, datacenter, siteOf(datacenter))),
    );
    const line = await startLine(t, network, siteOf('dc3'));
    const scene = new Scene({ registry, network, gateways, losses, etcd, services, clients, line });
    await scene.#federate();
    return scene;
  }

  get etcd(): EtcdNodes {
    if (this.#etcd === undefined) throw new Error('the registry of this scene is embedded');
    return this.#etcd;
  }

  /** A gateway by its name, such as `dc1/g1`. */
  gateway(name: string): SceneGateway {
    const found = this.gateways.find((gateway) => gateway.name === name);
    if (found === undefined) throw new Error(`the scene has no gateway ${name}`);
    return found;
  }

  /** The first gateway of each cluster joins by token; its second gets the authority from it by a token, too. */
  async #federate(): Promise<void> {
    const first = this.gateways.filter(({ name }) => name.endsWith('/g1'));
    await Promise.all(first.map((gateway) => gateway.start()));
    const [founder, ...others] = first as [SceneGateway];
    for (const gateway of others) await joinBy(founder, gateway);
    const second = this.gateways.filter((gateway) => !first.includes(gateway));
    // The etcd names their clusters as members, and they have not the authority of these yet.
    await Promise.all(second.map((gateway) => gateway.start('displaced')));
    for (const gateway of second) {
      const sibling = this.gateway(`${gateway.datacenter}/g1`);
      await joinBy(sibling, gateway, '--gateway');
    }
    await this.whole();
  }

  /** Waits until every gateway is well, and linked to every other cluster by all of its gateways. */
  async whole(timeoutMs = 120_000): Promise<void> {
    for (const gateway of this.gateways) {
      await until(`${gateway.name} to be whole`, () => isWhole(gateway), timeoutMs);
    }
  }

  async startLoad(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.ask('start')));
  }

  /** Resolves once nothing is in flight any more. */
  async stopLoad(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.ask('rest')));
  }

  /** The requests that ended since they were taken last. */
  async takeAsked(): Promise<readonly Asked[]> {
    return (await Promise.all(this.#clients.map((client) => client.ask<Asked[]>('take')))).flat();
  }

  /** What was executed since it was taken last. */
  async takeExecuted(): Promise<Executed> {
    const ids = await Promise.all(this.#services.map((one) => one.ask<string[]>('take')));
    const counts = new Map<string, number>();
    for (const id of ids.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  /** Cuts a datacenter off from all others, in silence. */
  async cut(datacenter: Datacenter): Promise<void> {
    const from = now();
    await this.network.cutDatacenter(numberOf(datacenter));
    this.losses.isolated(datacenter, from);
    this.losses.way(datacenter, { from, until: now() + outOfRotationMs });
  }

  /** What one datacenter sends to another gets there no more; the way back is as it was. */
  async cutWay(from: Datacenter, to: Datacenter): Promise<void> {
    const at = now();
    await this.network.cutWay(numberOf(from), numberOf(to));
    const lost = { from: at, until: now() + outOfRotationMs };
    this.losses.way(from, lost, to);
    this.losses.way(to, lost, from);
  }

  /** Ends every cut. */
  async mend(): Promise<void> {
    await this.network.mend();
    this.losses.reachable(now() + triedAgainMs);
  }

  /** How the way from the others to dc3 is. */
  async line(state: Partial<LineState>): Promise<void> {
    const from = now();
    await this.#line.ask('become', { delayMs: 0, loss: 0, isMute: false, ...state });
    if (state.isMute) this.losses.way('dc3', { from, until: now() + outOfRotationMs });
  }
}

interface GatewayParts {
  readonly t: Scope;
  readonly network: Network;
  readonly dir: string;
  readonly losses: Losses;
  readonly datacenter: Datacenter;
  readonly gateway: string;
  /** `registry.etcd` of its configuration. */
  readonly access: object | undefined;
  readonly site: Site;
}

/** Writes its configuration, in a folder of its own whose data have a disk of their own; starts nothing. */
async function prepareGateway(parts: GatewayParts): Promise<SceneGateway> {
  const { t, network, losses, datacenter, gateway, access, site } = parts;
  const dir = join(parts.dir, `${datacenter}-${gateway}`);
  const data = join(dir, 'data');
  await mkdir(data, { recursive: true, mode: 0o700 });
  await runOk('mount', ['-t', 'tmpfs', '-o', `size=${diskSize},mode=0700`, 'tmpfs', data]);
  t.teardown(() => run('umount', ['--lazy', data]));
  const resolver = join(dir, 'resolv.conf');
  await writeFile(resolver, `nameserver ${site.app.address}\noptions timeout:1 attempts:2\n`);

  const machine = site.gateways[gateway] as Machine;
  const mine = gatewaysOf[datacenter].indexOf(gateway);
  const own = instances.filter((i) => gatewaysOf[datacenter].length === 1 || i === mine + 1);
  const name = host.gateway(datacenter, gateway);
  const isFounder = datacenter === 'dc1' && mine === 0;
  const process = await GatewayProcess.prepare(t, dir, {
    cluster: datacenter,
    gateway,
    region: regionOf[datacenter],
    listen: {
      outbound: `${machine.address}:${ports.outbound}`,
      eastWest: `0.0.0.0:${ports.eastWest}`,
      federation: `0.0.0.0:${ports.federation}`,
    },
    advertise: {
      eastWest: [`${name}:${ports.eastWest}`],
      federation: [`${name}:${ports.federation}`],
    },
    ...(access !== undefined && { registry: { etcd: { ...access, found: isFounder } } }),
    ...(access === undefined && isFounder && { registry: { embedded: embeddedAt(name) } }),
    balance: { failback: { hold: '100ms', ramp: '500ms' } },
    services: servicesIn(datacenter).map((service) => ({
      name: service,
      namespace: 'shop',
      check: { http: { path: '/healthz' }, interval: '500ms', timeout: '1s', rise: 1, fall: 2 },
      endpoints: own.map((i) => ({
        id: `${service}-${i}`,
        address: `${host.instance(datacenter, i)}:${portOf(service, i)}`,
      })),
    })),
  });
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const [enter, ...args] = network.at(machine);
  const at = [enter, ...args, 'unshare', '--mount', 'sh', '-c', script, resolver] as const;
  return new SceneGateway({ name: `${datacenter}/${gateway}`, machine, process, dir, losses, at });
}

function embeddedAt(name: string): object {
  return { listen: `0.0.0.0:${ports.registry}`, advertise: `${name}:${ports.registry}` };
}

async function site(network: Network, datacenter: Datacenter): Promise<Site> {
  const number = numberOf(datacenter);
  const gateways: Record<string, Machine> = {};
  for (const gateway of gatewaysOf[datacenter]) {
    gateways[gateway] = await network.machine(number, gateway);
  }
  const [app, etcd] = [await network.machine(number, 'app'), await network.machine(number, 'etcd')];
  return { app, etcd, gateways };
}

/** Addresses by name. To dc3 the others get by the bad line, which is in the middle. */
function namesOf(siteOf: (datacenter: Datacenter) => Site, middle: Machine) {
  const names: Record<string, string> = {};
  for (const datacenter of datacenters) {
    const { app, etcd, gateways } = siteOf(datacenter);
    names[host.etcd(datacenter)] = etcd.address;
    for (const i of instances) names[host.instance(datacenter, i)] = app.address;
    for (const [gateway, { address }] of Object.entries(gateways)) {
      names[host.gateway(datacenter, gateway)] = datacenter === 'dc3' ? middle.address : address;
    }
  }
  return names;
}

function startEtcd(
  t: Scope,
  network: Network,
  dir: string,
  siteOf: (datacenter: Datacenter) => Site,
): Promise<EtcdNodes> {
  const nodes = datacenters.map((name) => ({
    name,
    host: host.etcd(name),
    machine: siteOf(name).etcd,
  }));
  return EtcdNodes.start(t, network, join(dir, 'etcd'), nodes);
}

function startClient(
  t: Scope,
  network: Network,
  datacenter: Datacenter,
  { app, gateways }: Site,
): Promise<Helper> {
  const entries = Object.entries(gateways).map(([gateway, { address }]) => [
    `${datacenter}/${gateway}`,
    `${address}:${ports.outbound}`,
  ]);
  const plan: ClientPlan = {
    datacenter,
    gateways: Object.fromEntries(entries),
    services: [everywhere, stockOf(datacenter)],
    perSecond,
  };
  return Helper.start(t, network.at(app), 'client-main.ts', plan);
}

function startLine(t: Scope, network: Network, { gateways }: Site): Promise<Helper> {
  const { address } = gateways['g1'] as Machine;
  const plan: LinePlan = {
    ways: [ports.eastWest, ports.federation].map((port) => ({
      host: network.middle.address,
      port,
      target: `${address}:${port}`,
    })),
  };
  return Helper.start(t, network.at(network.middle), 'line-main.ts', plan);
}

/** `other` joins by a token that `member` makes. */
async function joinBy(
  member: SceneGateway,
  other: SceneGateway,
  ...kind: readonly string[]
): Promise<void> {
  const token = await member.process.isthmusOk(['token', 'create', ...kind]);
  await other.process.isthmusOk(['join', '--yes'], { ISTHMUS_TOKEN: token });
}

/** Throws what is missing. */
async function isWhole({ name, process }: SceneGateway): Promise<boolean> {
  const { ready, state, registry, problems, missing } = await process.status();
  const said = [...problems, ...missing].map(({ code, what }) => `${code}: ${what}`);
  if (said.length > 0) throw new Error(`${name} says ${said.join('; ')}`);
  if (!ready) throw new Error(`${name} is ${state}`);
  const { kind, stale, fromCache, pendingWrites } = registry;
  if (kind !== 'connected' || stale || fromCache || pendingWrites > 0) {
    throw new Error(`the registry of ${name} is ${JSON.stringify(registry)}`);
  }
  const clusters = await process.items<ClusterItem>('/v1/clusters');
  for (const cluster of datacenters.filter((one) => !name.startsWith(`${one}/`))) {
    const seen = clusters.find((one) => one.cluster === cluster);
    if (seen?.state !== 'up' || seen.gateways !== gatewaysOf[cluster].length) {
      throw new Error(`${name} sees ${cluster} as ${JSON.stringify(seen)}`);
    }
  }
  return true;
}
