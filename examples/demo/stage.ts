/** Owns the demo's stage: three datacenters as real processes with their own keys and folders, and delayed lines between them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { cli, freePorts, type Process, startGateway, startInstance } from './processes.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface Datacenter {
  readonly name: string;
  readonly region: string;
  /** Round trip to it in milliseconds. */
  readonly rttMs: number;
  readonly dir: string;
  readonly configPath: string;
  readonly outbound: number;
  readonly admin: number;
  gateway: Process | undefined;
  readonly instances: Instance[];
}

interface Instance {
  readonly service: string;
  readonly id: string;
  readonly port: number;
  process: Process | undefined;
}

/** Round trips are made real by delaying each datacenter's line. */
const places = [
  { name: 'dc1', region: 'us-east', rttMs: 60 },
  { name: 'dc2', region: 'us-west', rttMs: 60 },
  { name: 'dc3', region: 'eu-central', rttMs: 90 },
] as const;
const services = ['orders', 'payments'] as const;
/** The copies of each service in a datacenter: the third is of a new version, which gets nothing while those in the gateway's zone are well. */
const copies = [
  { zone: 'a', version: 'v1' },
  { zone: 'a', version: 'v1' },
  { zone: 'b', version: 'v2' },
] as const;
export const federation = 'acme';

/** How long failback holds and ramps in the demo; short, for it lasts a minute. */
const failback = { holdMs: 1_000, rampMs: 6_000 };

/** With other ports each time, where one was taken between its choice and its use. */
const mostBuilds = 3;

export class Stage {
  readonly dir: string;
  readonly datacenters: readonly Datacenter[];
  readonly #lines: TcpProxy[];

  private constructor(dir: string, datacenters: readonly Datacenter[], lines: TcpProxy[]) {
    this.dir = dir;
    this.datacenters = datacenters;
    this.#lines = lines;
  }

  /** Builds everything, joins the clusters and waits until each can route to each. */
  static async build(say: (line: string) => void): Promise<Stage> {
    for (let left = mostBuilds; ; left--) {
      const stage = await Stage.#prepare();
      try {
        await stage.#start(say);
        return stage;
      } catch (thrown) {
        const again = left > 1 && (await stage.#lacksPort());
        await stage.tearDown({ keepFiles: !again });
        if (!again) throw thrown;
        say('another program took a port meanwhile: once more, with other ports');
      }
    }
  }

  static async #prepare(): Promise<Stage> {
    const dir = await mkdtemp(join(tmpdir(), 'isthmus-demo-'));
    const lines: TcpProxy[] = [];
    const datacenters: Datacenter[] = [];
    for (const place of places) datacenters.push(await prepare(dir, place, lines));
    return new Stage(dir, datacenters, lines);
  }

  /** Whether a process ended for a port that another program had taken since it was chosen. */
  async #lacksPort(): Promise<boolean> {
    const logs = this.datacenters.flatMap((dc) => [
      gatewayLog(dc),
      ...dc.instances.map((instance) => instanceLog(dc, instance)),
    ]);
    const said = await Promise.all(logs.map((log) => readFile(log, 'utf8').catch(() => '')));
    return said.some((text) => /PORT_IN_USE|EADDRINUSE/.test(text));
  }

  dc(name: string): Datacenter {
    const found = this.datacenters.find((dc) => dc.name === name);
    if (!found) throw new Error(`no datacenter ${name}`);
    return found;
  }

  startGateway(dc: Datacenter): void {
    dc.gateway = startGateway(dc.name, dc.configPath, gatewayLog(dc));
  }

  startInstances(dc: Datacenter): void {
    for (const instance of dc.instances) {
      if (instance.process?.running) continue;
      const log = instanceLog(dc, instance);
      instance.process = startInstance(instance.service, instance.id, instance.port, log);
    }
  }

  async killInstances(dc: Datacenter): Promise<void> {
    await Promise.all(dc.instances.map((instance) => instance.process?.kill()));
  }

  /** Terminates or starts the embedded registry in dc1; its gateway goes on. */
  async registry(action: 'stop' | 'start'): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.dc('dc1').admin}/v1/registry/${action}`, {
      method: 'POST',
    });
    if (!response.ok) throw new Error(`registry ${action}: ${await response.text()}`);
  }

  /** Ends every process. Logs and configurations go too, unless something went wrong that they may explain. */
  async tearDown({ keepFiles = false } = {}): Promise<void> {
    const all = this.datacenters.flatMap((dc) => [
      dc.gateway,
      ...dc.instances.map((i) => i.process),
    ]);
    await Promise.all(all.map((one) => (one?.running ? one.kill() : undefined)));
    await Promise.all(this.#lines.map((line) => line.close()));
    if (!keepFiles) await rm(this.dir, { recursive: true, force: true });
  }

  async #start(say: (line: string) => void): Promise<void> {
    for (const dc of this.datacenters) {
      this.startInstances(dc);
      this.startGateway(dc);
    }
    for (const dc of this.datacenters)
      await waitFor(`${dc.name} to be ready`, dc, () => isReady(dc));
    say('three gateways run, each with its own certificate authority');
    const founder = adminOf(this.dc('dc1'));
    const others = this.datacenters.filter(({ name }) => name !== 'dc1');
    await Promise.all(
      others.map(async (dc) => {
        const token = await cli(['token', 'create', '--admin', founder]);
        await cli(['join', '--yes', '--admin', adminOf(dc)], { ISTHMUS_TOKEN: token });
        say(`${dc.name} joined with a token: isthmus token create, isthmus join`);
      }),
    );
    for (const dc of this.datacenters) {
      await waitFor(`${dc.name} to see the others`, dc, () => this.#seesOthers(dc));
    }
  }

  async #seesOthers(dc: Datacenter): Promise<boolean> {
    const clusters = await items<{ cluster: string; state: string }>(dc, '/v1/clusters');
    const up = clusters.filter(({ state }) => state === 'up').length;
    const known = await items<{ service: string; remotes: { healthy: number }[] }>(
      dc,
      '/v1/services',
    );
    const others = this.datacenters.length - 1;
    const routable = known.filter(
      ({ remotes }) => remotes.filter((r) => r.healthy > 0).length === others,
    );
    return up === others && routable.length === services.length;
  }
}

function gatewayLog({ dir }: Datacenter): string {
  return join(dir, 'gateway.log');
}

function instanceLog({ dir }: Datacenter, { id }: Instance): string {
  return join(dir, `${id}.log`);
}

export function adminOf(dc: Datacenter): string {
  return `http://127.0.0.1:${dc.admin}`;
}

async function prepare(
  root: string,
  place: (typeof places)[number],
  lines: TcpProxy[],
): Promise<Datacenter> {
  const { name, region, rttMs } = place;
  const dir = join(root, name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const count = copies.length * services.length;
  const [outbound = 0, admin = 0, eastWest = 0, federationPort = 0, registry = 0, ...ports] =
    await freePorts(5 + count);
  /** Other datacenters reach it only over its delayed line. */
  const line = async (port: number): Promise<string> => {
    const proxy = await startTcpProxy({ target: `127.0.0.1:${port}`, delayMs: rttMs / 2 });
    lines.push(proxy);
    return proxy.address;
  };
  const instances = services.flatMap((service, s) =>
    copies.map((_, c): Instance => {
      const id = `${service}-${c + 1}`;
      return { service, id, port: ports[s * copies.length + c] ?? 0, process: undefined };
    }),
  );
  const config = {
    cluster: name,
    federation,
    region,
    zone: `${region}-a`,
    data: './data',
    // Three gateways share this machine, and none has more to do than one thread can.
    workers: 1,
    listen: {
      outbound: `127.0.0.1:${outbound}`,
      eastWest: `127.0.0.1:${eastWest}`,
      federation: `127.0.0.1:${federationPort}`,
      admin: `127.0.0.1:${admin}`,
    },
    advertise: { eastWest: [await line(eastWest)], federation: [await line(federationPort)] },
    ...(name === 'dc1'
      ? {
          registry: {
            embedded: { listen: `127.0.0.1:${registry}`, advertise: await line(registry) },
          },
        }
      : {}),
    balance: { failback: { hold: `${failback.holdMs}ms`, ramp: `${failback.rampMs}ms` } },
    services: services.map((service) => ({
      name: service,
      namespace: 'shop',
      check: { http: { path: '/healthz' }, interval: '500ms', timeout: '400ms', rise: 2, fall: 2 },
      endpoints: instances
        .filter((instance) => instance.service === service)
        .map(({ id, port }, i) => ({
          id,
          address: `127.0.0.1:${port}`,
          zone: `${region}-${copies[i]?.zone}`,
          labels: { version: copies[i]?.version },
        })),
    })),
  };
  const configPath = join(dir, 'gateway.yaml');
  await writeFile(configPath, stringify(config));
  return { name, region, rttMs, dir, configPath, outbound, admin, gateway: undefined, instances };
}

async function isReady(dc: Datacenter): Promise<boolean> {
  const response = await fetch(`${adminOf(dc)}/readyz`, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}

async function items<T>(dc: Datacenter, path: string): Promise<T[]> {
  const response = await fetch(adminOf(dc) + path, { signal: AbortSignal.timeout(2_000) });
  return ((await response.json()) as { items: T[] }).items;
}

/** A busy machine takes its time to start a dozen processes; one that ends is not waited for. */
const patienceMs = 60_000;

/** Polls until `probe` holds, for so long as there is patience; then it says where the log is. */
async function waitFor(what: string, dc: Datacenter, probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let last: unknown;
  while (performance.now() < deadline) {
    const processes = [dc.gateway, ...dc.instances.map(({ process }) => process)];
    if (processes.some((one) => one?.running === false)) break;
    try {
      if (await probe()) return;
    } catch (thrown) {
      last = thrown;
    }
    await delay(25);
  }
  throw new Error(`waited in vain for ${what}; see ${gatewayLog(dc)}`, {
    cause: last,
  });
}
