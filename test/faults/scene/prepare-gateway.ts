/** Owns preparing the gateways of the scene: the configuration of each, its disk and the names it goes by. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayProcess, type Scope } from '../../support/gateway-process.ts';
import { run, runOk } from '../../support/programs.ts';
import { SceneGateway } from './gateway.ts';
import type { Losses } from './losses.ts';
import type { Machine, Network } from './network.ts';
import {
  type Datacenter,
  gatewaysOf,
  host,
  instances,
  numberOf,
  portOf,
  ports,
  regionOf,
  servicesIn,
} from './plan.ts';
import type { Site } from './sites.ts';

/** Room for the data of a gateway, so that it can be filled. */
const diskSize = '64m';

export interface GatewayParts {
  readonly t: Scope;
  readonly network: Network;
  /** Of the scene. */
  readonly dir: string;
  readonly losses: Losses;
  readonly datacenter: Datacenter;
  readonly gateway: string;
  readonly site: Site;
  /** `registry.etcd` of its configuration; where there is none the registry is embedded in the first gateway of dc1. */
  readonly access: object | undefined;
}

/** Writes its configuration, in a folder of its own whose data have a disk of their own; starts nothing. */
export function prepareGateway(parts: GatewayParts): Promise<SceneGateway> {
  const machine = parts.site.gateways[parts.gateway] as Machine;
  return prepareAt(parts, machine, parts.gateway);
}

/** Another one with the id and the authority of one that is there, at a machine of its own. */
export async function prepareTwin(parts: GatewayParts, of: SceneGateway): Promise<SceneGateway> {
  const machine = await parts.network.machine(numberOf(parts.datacenter), 'twin');
  const twin = await prepareAt(parts, machine, 'twin');
  for (const path of ['ca', 'federation.json']) {
    await cp(join(of.dataDir, path), join(twin.dataDir, path), { recursive: true });
  }
  return twin;
}

async function prepareAt(
  parts: GatewayParts,
  machine: Machine,
  called: string,
): Promise<SceneGateway> {
  const { t, network, losses, datacenter, gateway, site } = parts;
  const dir = join(parts.dir, `${datacenter}-${called}`);
  const data = join(dir, 'data');
  await mkdir(data, { recursive: true, mode: 0o700 });
  await runOk('mount', ['-t', 'tmpfs', '-o', `size=${diskSize},mode=0700`, 'tmpfs', data]);
  t.teardown(() => run('umount', ['--lazy', data]));
  const resolver = join(dir, 'resolv.conf');
  await writeFile(resolver, `nameserver ${site.app.address}\noptions timeout:1 attempts:2\n`);
  const process = await GatewayProcess.prepare(t, dir, {
    cluster: datacenter,
    gateway,
    region: regionOf[datacenter],
    ...addressesOf(parts, machine),
    ...registryOf(parts),
    balance: { failback: { hold: '100ms', ramp: '500ms' } },
    services: servicesOf(parts),
  });
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const [enter, ...args] = network.at(machine);
  const at = [enter, ...args, 'unshare', '--mount', 'sh', '-c', script, resolver] as const;
  return new SceneGateway({ name: `${datacenter}/${called}`, machine, process, dir, losses, at });
}

function addressesOf({ datacenter, gateway }: GatewayParts, { address }: Machine): object {
  const name = host.gateway(datacenter, gateway);
  return {
    listen: {
      outbound: `${address}:${ports.outbound}`,
      eastWest: `0.0.0.0:${ports.eastWest}`,
      federation: `0.0.0.0:${ports.federation}`,
    },
    advertise: {
      eastWest: [`${name}:${ports.eastWest}`],
      federation: [`${name}:${ports.federation}`],
    },
  };
}

function registryOf({ datacenter, gateway, access }: GatewayParts): object {
  const isFounder = datacenter === 'dc1' && gateway === gatewaysOf.dc1[0];
  if (access !== undefined) return { registry: { etcd: { ...access, found: isFounder } } };
  if (!isFounder) return {};
  const advertise = `${host.gateway(datacenter, gateway)}:${ports.registry}`;
  return { registry: { embedded: { listen: `0.0.0.0:${ports.registry}`, advertise } } };
}

function servicesOf({ datacenter, gateway }: GatewayParts): readonly object[] {
  const siblings = gatewaysOf[datacenter];
  const own = instances.filter((i) => siblings.length === 1 || siblings[i - 1] === gateway);
  return servicesIn(datacenter).map((service) => ({
    name: service,
    namespace: 'shop',
    check: { http: { path: '/healthz' }, interval: '500ms', timeout: '1s', rise: 1, fall: 2 },
    endpoints: own.map((i) => ({
      id: `${service}-${i}`,
      address: `${host.instance(datacenter, i)}:${portOf(service, i)}`,
    })),
  }));
}
