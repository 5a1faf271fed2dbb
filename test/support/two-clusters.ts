/** Owns two joined clusters in tests: clients ask in dc1, and the services are in dc2. */
import type { ServiceItem } from '../../gateway/control/api/answers.ts';
import { type Cluster, federate } from './federation.ts';
import type { Scope } from './gateway-process.ts';
import { until } from './until.ts';

interface OfferedService {
  /** In the namespace `shop`: `orders` is asked for as `orders.shop.acme`. */
  readonly name: string;
  readonly protocol?: string;
  /** `host:port` of its endpoints. */
  readonly addresses: readonly string[];
  /** Anything else of the service's configuration. */
  readonly config?: object;
}

export interface TwoClusters {
  /** Where clients ask. It has no endpoints. */
  readonly dc1: Cluster;
  /** Where the endpoints are. */
  readonly dc2: Cluster;
}

/** The name clients ask for. */
export function hostOf(service: string): string {
  return `${service}.shop.acme`;
}

/** Where a cluster's clients ask. */
export function urlOf(cluster: Cluster, path = '/'): string {
  return `http://${cluster.gateway.listener('outbound')}${path}`;
}

/**
 * Each reaches the other where it listens: a line through the test's own process would rest, and links with it, while
 * that process is busy starting others.
 */
const direct = { advertise: {} };
const registry = { embedded: { listen: '127.0.0.1:0' } };

/** Joins the clusters and waits until both route to every service. `config` is added to the configuration of both. */
export async function twoClusters(
  t: Scope,
  services: readonly OfferedService[],
  config: object = {},
): Promise<TwoClusters> {
  const offered = services.map(({ name, protocol, addresses, config: more }) => ({
    name,
    namespace: 'shop',
    ...(protocol && { protocol }),
    endpoints: addresses.map((address, i) => ({ id: `${name}-${i + 1}`, address })),
    ...more,
  }));
  const clusters = await federate(t, {
    dc1: { instances: 0, config: { ...config, ...direct, registry, services: [] } },
    dc2: { instances: 0, config: { ...config, ...direct, services: offered } },
  });
  await until('dc1 to route to every service', async () => {
    const known = await clusters.dc1.gateway.items<ServiceItem>('/v1/services');
    return services.every(({ name, addresses }) =>
      known.some(
        ({ service, remotes }) =>
          service === `${name}.shop` && remotes[0]?.healthy === addresses.length,
      ),
    );
  });
  return clusters;
}
