/** Owns what the scene consists of: its datacenters, their gateways and services, and by which names these go. */

export const datacenters = ['dc1', 'dc2', 'dc3'] as const;
export type Datacenter = (typeof datacenters)[number];

/** Two of the clusters have two. */
export const gatewaysOf: Readonly<Record<Datacenter, readonly string[]>> = {
  dc1: ['g1', 'g2'],
  dc2: ['g1', 'g2'],
  dc3: ['g1'],
};

export const gatewayNames: readonly string[] = datacenters.flatMap((datacenter) =>
  gatewaysOf[datacenter].map((gateway) => `${datacenter}/${gateway}`),
);

/** The two that are near each other ask each other for what they have no copy of, dc2 by the bad line. */
export const regionOf: Readonly<Record<Datacenter, string>> = {
  dc1: 'east',
  dc2: 'west',
  dc3: 'west',
};

export const ports = { outbound: 7080, eastWest: 7443, federation: 7444, registry: 7445 };

export function numberOf(datacenter: Datacenter): number {
  return datacenters.indexOf(datacenter) + 1;
}

/** `orders` is everywhere; of what `stock-dc1` is, dc1 has no copy. */
export const everywhere = 'orders';

export function stockOf(datacenter: Datacenter): string {
  return `stock-${datacenter}`;
}

/** Datacenters that have a copy of a service. */
export function copiesOf(service: string): readonly Datacenter[] {
  return datacenters.filter((datacenter) => service !== stockOf(datacenter));
}

const services = [everywhere, ...datacenters.map(stockOf)];

/** Of each service a datacenter has two instances, one of them registered by each of its gateways, or both by the only one. */
export const instances = [1, 2] as const;

export function portOf(service: string, instance: number): number {
  return 8000 + 10 * services.indexOf(service) + instance;
}

export function servicesIn(datacenter: Datacenter): readonly string[] {
  return services.filter((service) => copiesOf(service).includes(datacenter));
}

export const host = {
  gateway: (datacenter: Datacenter, gateway: string) => `${gateway}.${datacenter}.test`,
  etcd: (datacenter: Datacenter) => `etcd.${datacenter}.test`,
  instance: (datacenter: Datacenter, instance: number) => `instance-${instance}.${datacenter}.test`,
};

/** Beside its own, what a cluster may write. */
export const rightsOf: Readonly<Record<Datacenter, readonly string[]>> = {
  dc1: ['admit', 'policies', 'grants'],
  dc2: [],
  dc3: [],
};
