/** Owns building the scene: its network, its programs, and the clusters that join. */
import { join } from 'node:path';
import type { Scope } from '../../support/gateway-process.ts';
import { tempDir } from '../../support/temp-dir.ts';
import type { ClientPlan } from './client-main.ts';
import { EtcdNodes } from './etcd-nodes.ts';
import type { SceneGateway } from './gateway.ts';
import { Helper } from './helper.ts';
import { joinBy } from './join.ts';
import type { LinePlan } from './line-main.ts';
import { Losses } from './losses.ts';
import { type Machine, Network } from './network.ts';
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
  rightsOf,
  servicesIn,
  stockOf,
} from './plan.ts';
import { type GatewayParts, prepareGateway, prepareTwin } from './prepare-gateway.ts';
import { type Registry, Scene } from './scene.ts';
import type { ServicesPlan } from './services-main.ts';
import { makeSites, namesOf, type Sites } from './sites.ts';

const perSecond = { GET: 50, POST: 20 };

/** Resolves once it is whole; clients ask nothing yet. */
export async function buildScene(t: Scope, registry: Registry): Promise<Scene> {
  const dir = await tempDir(t);
  const network = await Network.make(t, datacenters.map(numberOf));
  const sites = await makeSites(network);
  const services = await Promise.all(
    datacenters.map((one) => startServices(t, network, sites, one)),
  );
  const etcd = registry === 'etcd' ? await startEtcd(t, network, sites, dir) : undefined;
  const losses = new Losses();

  const plans: GatewayParts[] = [];
  for (const datacenter of datacenters) {
    const access = await etcd?.admit(datacenter, ...rightsOf[datacenter]);
    for (const gateway of gatewaysOf[datacenter]) {
      const site = sites[datacenter];
      plans.push({ t, network, dir, losses, datacenter, gateway, site, access });
    }
  }
  const gateways: SceneGateway[] = [];
  for (const plan of plans) gateways.push(await prepareGateway(plan));
  const clients = await Promise.all(
    datacenters.map((one) => {
      const its = gateways.filter(({ datacenter }) => datacenter === one);
      return startClient(t, network, sites[one].app, one, its);
    }),
  );
  const line = await startLine(t, network, sites.dc3.gateways);
  await federate(gateways);
  const scene = new Scene({
    ...{ registry, network, etcd, gateways, losses, services, clients, line },
    addressOfServices: (datacenter) => sites[datacenter].app.address,
    twinOf: (gateway) => prepareTwin(plans[gateways.indexOf(gateway)] as GatewayParts, gateway),
  });
  await scene.whole();
  return scene;
}

/** The first gateway of each cluster joins by token; its second gets the authority from it by a token, too. */
async function federate(gateways: readonly SceneGateway[]): Promise<void> {
  const firsts = gateways.filter(({ name }) => name.endsWith('/g1'));
  await Promise.all(firsts.map((gateway) => gateway.start()));
  const [founder, ...others] = firsts as [SceneGateway];
  for (const gateway of others) await joinBy(founder, gateway);
  for (const gateway of gateways.filter((one) => !firsts.includes(one))) {
    const sibling = firsts.find(({ datacenter }) => datacenter === gateway.datacenter);
    // An etcd names its cluster as a member, whose authority it has not yet; an embedded registry it does not know.
    await gateway.start('displaced', 'ready');
    await joinBy(sibling as SceneGateway, gateway, '--gateway');
  }
}

function startServices(
  t: Scope,
  network: Network,
  sites: Sites,
  datacenter: Datacenter,
): Promise<Helper> {
  const { app } = sites[datacenter];
  const plan: ServicesPlan = {
    datacenter,
    address: app.address,
    ports: servicesIn(datacenter).flatMap((service) => instances.map((i) => portOf(service, i))),
    names: namesOf(sites, network.middle),
  };
  return Helper.start(t, network.at(app), 'services-main.ts', plan);
}

function startEtcd(t: Scope, network: Network, sites: Sites, dir: string): Promise<EtcdNodes> {
  const nodes = datacenters.map((name) => ({
    name,
    host: host.etcd(name),
    machine: sites[name].etcd,
  }));
  return EtcdNodes.start(t, network, join(dir, 'etcd'), nodes);
}

function startClient(
  t: Scope,
  network: Network,
  app: Machine,
  datacenter: Datacenter,
  gateways: readonly SceneGateway[],
): Promise<Helper> {
  const entries = gateways.map(({ name, machine, process }) => [
    name,
    { address: `${machine.address}:${ports.outbound}`, admin: process.adminSocket },
  ]);
  const plan: ClientPlan = {
    datacenter,
    gateways: Object.fromEntries(entries),
    services: [everywhere, stockOf(datacenter)],
    perSecond,
  };
  return Helper.start(t, network.at(app), 'client-main.ts', plan);
}

function startLine(
  t: Scope,
  network: Network,
  gateways: Readonly<Record<string, Machine>>,
): Promise<Helper> {
  const plan: LinePlan = {
    ways: [ports.eastWest, ports.federation].map((port) => ({
      host: network.middle.address,
      port,
      target: `${gateways['g1']?.address}:${port}`,
    })),
  };
  return Helper.start(t, network.at(network.middle), 'line-main.ts', plan);
}
