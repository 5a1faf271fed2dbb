/** Owns the operations on the settings of clusters. */
import { IsthmusError } from '../../../../core/errors.ts';
import type { ClusterName } from '../../../../core/names.ts';
import type { StandingOrders } from '../../drills/standing-orders.ts';
import type { ClusterItem } from '../answers.ts';
import type { Operation } from '../operation.ts';
import { resourceOperations } from '../resource-operations.ts';
import { clusterResource } from '../resources/cluster.ts';

/** Milliseconds in which traffic leaves a cluster whose settings say no more. */
const rampMs = 10_000;

type Orders = Pick<StandingOrders, 'drain' | 'drainOf' | 'undrain'>;

export function clusterOperations(clusters: () => ClusterItem[], orders: Orders): Operation[] {
  const find = (name: ClusterName) => {
    const item = clusters().find(({ cluster }) => cluster === name);
    return item && settingsOf(item, orders.drainOf(name) !== undefined);
  };
  const get = (name: ClusterName) => {
    const found = find(name);
    if (found) return found;
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${name} is not a member` });
  };
  const drain = async (name: ClusterName, isWanted: boolean) => {
    if (get(name).drained === isWanted) return;
    await (isWanted ? orders.drain(name, { rampMs }) : orders.undrain(name));
  };
  return resourceOperations(clusterResource, {
    find: ({ cluster }) => find(cluster),
    get: ({ cluster }) => get(cluster),
    async put({ cluster }, { drained }) {
      const before = get(cluster);
      await drain(cluster, drained ?? before.drained);
      return get(cluster);
    },
    delete: ({ cluster }) => drain(cluster, false),
    object: ({ cluster }, { drained }) =>
      drained === undefined ? `cluster ${cluster}` : `cluster ${cluster}, drained: ${drained}`,
  });
}

function settingsOf(item: ClusterItem, drained: boolean) {
  const { cluster, region, zones, trustDomain, capacity, gateways } = item;
  return {
    ...{ cluster, drained, region, zones, trustDomain },
    ...(capacity !== undefined && { capacity }),
    gateways,
  };
}
