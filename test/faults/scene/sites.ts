/** Owns the machines of each datacenter, and the names by which they are reached. */
import type { Machine, Network } from './network.ts';
import { type Datacenter, datacenters, gatewaysOf, host, instances, numberOf } from './plan.ts';

export interface Site {
  /** Of services, names and the client. */
  readonly app: Machine;
  readonly etcd: Machine;
  readonly gateways: Readonly<Record<string, Machine>>;
}

export type Sites = Readonly<Record<Datacenter, Site>>;

export async function makeSites(network: Network): Promise<Sites> {
  const sites: [Datacenter, Site][] = [];
  for (const datacenter of datacenters)
    sites.push([datacenter, await makeSite(network, datacenter)]);
  return Object.fromEntries(sites) as Sites;
}

async function makeSite(network: Network, datacenter: Datacenter): Promise<Site> {
  const number = numberOf(datacenter);
  const gateways: Record<string, Machine> = {};
  for (const gateway of gatewaysOf[datacenter]) {
    gateways[gateway] = await network.machine(number, gateway);
  }
  const [app, etcd] = [await network.machine(number, 'app'), await network.machine(number, 'etcd')];
  return { app, etcd, gateways };
}

/** Addresses by name. To dc3 the others get by the bad line, which is in the middle. */
export function namesOf(sites: Sites, middle: Machine): Readonly<Record<string, string>> {
  const names: Record<string, string> = {};
  for (const datacenter of datacenters) {
    const { app, etcd, gateways } = sites[datacenter];
    names[host.etcd(datacenter)] = etcd.address;
    for (const i of instances) names[host.instance(datacenter, i)] = app.address;
    for (const [gateway, { address }] of Object.entries(gateways)) {
      names[host.gateway(datacenter, gateway)] = datacenter === 'dc3' ? middle.address : address;
    }
  }
  return names;
}
