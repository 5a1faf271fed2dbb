/** Owns a federation of real gateways in tests: clusters with instances, lines between them that can fail, joined by token. */
import { join } from 'node:path';
import { joinTimeoutMs } from '../../cli/admin-client.ts';
import type {
  ClusterItem,
  CreatedToken,
  ServiceItem,
  Status,
} from '../../gateway/control/api/answers.ts';
import { GatewayProcess, type Scope } from './gateway-process.ts';
import type { Inspector } from './inspector.ts';
import { Instance } from './instance.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

interface ClusterOptions {
  /** Instances of `orders.shop`, each checked; default 1. */
  readonly instances?: number;
  /** Round trip for the others to this cluster, in milliseconds; default none. */
  readonly rttMs?: number;
  /** East-west address of a second gateway of the cluster, advertised beside the first's. */
  readonly secondEastWest?: string;
  /** East-west address for those in its network alone. */
  readonly privateEastWest?: string;
  /** The `registry` of the configuration; the first cluster's default is an embedded one. */
  readonly registry?: object;
  /** Anything else for the configuration. */
  readonly config?: object;
}

/** A service's usual check: quick, so that tests need not wait long for it. */
const check = { http: { path: '/healthz' }, interval: '200ms', timeout: '1s', rise: 1, fall: 2 };
/** Short, so that traffic comes home while a test waits. */
export const failback = { hold: '100ms', ramp: '500ms' };

/** Ways into a cluster from outside, each over a line of its own. */
const ways = ['eastWest', 'federation', 'registry'] as const;

export class Cluster {
  readonly name: string;
  readonly gateway: GatewayProcess;
  readonly instances: readonly Instance[];
  readonly lines: Readonly<Record<(typeof ways)[number], TcpProxy>>;

  private constructor(
    gateway: GatewayProcess,
    name: string,
    instances: readonly Instance[],
    lines: Cluster['lines'],
  ) {
    this.name = name;
    this.gateway = gateway;
    this.instances = instances;
    this.lines = lines;
  }

  /** Starts a cluster's instances, and its gateway not yet. It is in no federation, unless its configuration founds one. */
  static async prepare(t: Scope, dir: string, name: string, options: ClusterOptions) {
    const instances = Array.from(
      { length: options.instances ?? 1 },
      (_, i) => new Instance(name, `orders-${i + 1}`),
    );
    await Promise.all(instances.map((instance) => startInstance(t, instance)));
    const lines = await openLines(t, options.rttMs ?? 0);
    const { secondEastWest: second, privateEastWest: near } = options;
    const gateway = await GatewayProcess.prepare(t, join(dir, name), {
      cluster: name,
      advertise: {
        eastWest: [
          ...[lines.eastWest.address, ...(second === undefined ? [] : [second])],
          ...(near === undefined ? [] : [{ address: near, scope: 'private' }]),
        ],
        federation: [lines.federation.address],
      },
      balance: { failback },
      services: [
        {
          name: 'orders',
          namespace: 'shop',
          check,
          endpoints: instances.map(({ id, address }) => ({ id, address })),
        },
      ],
      ...(options.registry && { registry: withAdvertised(options.registry, lines.registry) }),
      ...options.config,
    });
    return new Cluster(gateway, name, instances, lines);
  }

  /** Starts the gateway, again perhaps, and waits as it does; the lines lead to wherever it listens now. */
  async start(...given: readonly Status['state'][]): Promise<void> {
    await this.gateway.start(...given);
    await this.#connectLines();
  }

  /** The same, so that code can be run in it. */
  async startInspected(t: Scope): Promise<Inspector> {
    const inspector = await this.gateway.startInspected(t);
    await this.#connectLines();
    return inspector;
  }

  async #connectLines(): Promise<void> {
    const { listeners } = await this.gateway.status();
    for (const way of ways) {
      const address = listeners[way];
      if (address !== undefined) this.lines[way].setTarget(address);
    }
  }

  /** The token it creates, as `isthmus token create` prints it. */
  token(...args: readonly string[]): Promise<string> {
    return this.gateway.isthmusOk(['token', 'create', ...args]);
  }

  /** Joins the federation of `member` with a token, by the command. */
  async join(member: Cluster): Promise<void> {
    await this.gateway.isthmusOk(['join', '--yes'], { ISTHMUS_TOKEN: await member.token() });
  }

  /** The same by the API: two processes less, where it is not the commands that are in question. */
  async joinByApi({ gateway }: Cluster): Promise<void> {
    const { token } = await gateway.api.send<CreatedToken>('POST', '/v1/tokens', {});
    await this.gateway.api.send('POST', '/v1/federation/join', { token }, {}, joinTimeoutMs);
  }

  /** What `GET /v1/clusters` says of the others, by name. */
  async others(): Promise<Readonly<Record<string, ClusterItem>>> {
    const items = await this.gateway.items<ClusterItem>('/v1/clusters');
    const others = items.filter(({ cluster }) => cluster !== this.name);
    return Object.fromEntries(others.map((item) => [item.cluster, item]));
  }

  /** Cuts the cluster off: nothing passes to it any more, and nothing says so. Its own calls go through. */
  hold(): void {
    for (const way of ways) this.lines[way].hold();
  }

  restore(): void {
    for (const way of ways) this.lines[way].restore();
  }

  async killInstances(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.kill()));
  }

  async startInstances(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.start()));
  }

  get served(): number {
    return this.instances.reduce((sum, { served }) => sum + served, 0);
  }
}

/**
 * Starts clusters, joins them to the first, and waits until each can route to each. The first hosts the registry
 * unless its options say otherwise.
 */
export async function federate<Name extends string>(
  t: Scope,
  clusters: Readonly<Record<Name, ClusterOptions>>,
): Promise<Readonly<Record<Name, Cluster>>> {
  const dir = await tempDir(t);
  const entries = Object.entries<ClusterOptions>(clusters);
  const started = await Promise.all(
    entries.map(([name, options], i) => {
      const embedded = i === 0 ? { registry: { embedded: { listen: '127.0.0.1:0' } } } : {};
      return startCluster(t, dir, name, { ...embedded, ...options });
    }),
  );
  const [first, ...rest] = started;
  if (first !== undefined) for (const cluster of rest) await cluster.joinByApi(first);
  await settled(started);
  return Object.fromEntries(started.map((cluster) => [cluster.name, cluster])) as Record<
    Name,
    Cluster
  >;
}

/** Starts a cluster that is in no federation yet. */
export async function standalone(
  t: Scope,
  name: string,
  options: ClusterOptions = {},
): Promise<Cluster> {
  return startCluster(t, await tempDir(t), name, options);
}

/** The same, and code can be run in its gateway. */
export async function inspected(
  t: Scope,
  name: string,
  options: ClusterOptions = {},
): Promise<{ readonly cluster: Cluster; readonly inspector: Inspector }> {
  const cluster = await Cluster.prepare(t, await tempDir(t), name, options);
  return { cluster, inspector: await cluster.startInspected(t) };
}

/** Waits until each of `clusters` has a link to each other, and can route to each that has instances. */
export async function settled(clusters: readonly Cluster[]): Promise<void> {
  for (const cluster of clusters) {
    const others = clusters.filter((other) => other !== cluster);
    await until(`${cluster.name} to be linked to the others`, async () => {
      const seen = await cluster.others();
      if (others.every(({ name }) => seen[name]?.state === 'up')) return true;
      throw new Error(`it sees ${JSON.stringify(seen)}`);
    });
    const offering = others.filter(({ instances }) => instances.length > 0);
    await until(`${cluster.name} to route to the others`, async () => {
      const services = await cluster.gateway.items<ServiceItem>('/v1/services');
      const remotes = services.find(({ service }) => service === 'orders.shop')?.remotes ?? [];
      const known = offering.every(({ name, instances }) =>
        remotes.some((r) => r.cluster === name && r.healthy === instances.length),
      );
      if (known) return true;
      const problems = await cluster.gateway.problems();
      throw new Error(`it knows ${JSON.stringify(remotes)}, and has ${JSON.stringify(problems)}`);
    });
  }
}

/** Enough connections at once that every worker of a gateway has some. */
const atOnce = 20;

/** Waits until requests through `cluster`, whichever of its workers gets them, are served by `by`. */
export async function servedBy(cluster: Cluster, by: Cluster): Promise<void> {
  await until(`${by.name} to serve ${cluster.name}`, async () => {
    const asked = Array.from({ length: atOnce }, () => cluster.gateway.request('orders.shop'));
    const answers = await Promise.all(asked);
    return answers.every((answer) => answer.status === 200 && answer.cluster === by.name);
  });
}

/** Waits until `isthmus check` finds nothing to say; after a change it may warn for a moment. */
export async function checksOut({
  name,
  gateway,
}: Pick<Cluster, 'name' | 'gateway'>): Promise<void> {
  await until(`${name} to check out`, async () => {
    const { code, stdout } = await gateway.isthmus(['check']);
    if (code !== 0) throw new Error(stdout);
    return true;
  });
}

async function startCluster(
  t: Scope,
  dir: string,
  name: string,
  options: ClusterOptions,
): Promise<Cluster> {
  const cluster = await Cluster.prepare(t, dir, name, options);
  await cluster.start();
  return cluster;
}

async function startInstance(t: Scope, instance: Instance): Promise<void> {
  await instance.start();
  t.teardown(() => instance.kill());
}

/** Lines to nowhere yet. */
async function openLines(t: Scope, rttMs: number): Promise<Cluster['lines']> {
  const [eastWest, federation, registry] = await Promise.all([line(), line(), line()]);
  return { eastWest, federation, registry };

  async function line(): Promise<TcpProxy> {
    const proxy = await startTcpProxy({ target: '127.0.0.1:1', delayMs: rttMs / 2 });
    t.teardown(() => proxy.close());
    return proxy;
  }
}

function withAdvertised(registry: object, line: TcpProxy): object {
  if (!('embedded' in registry)) return registry;
  return { embedded: { advertise: line.address, ...(registry.embedded as object) } };
}
