/** Owns the answer to `explain` of a running gateway: as seen from here, or from another cluster as far as it is known here. */
import { IsthmusError } from '../../core/errors.ts';
import { type ClusterName, isLabel, parseClusterName, type ServiceName } from '../../core/names.ts';
import type { ExplainAnswer } from '../admin/answers.ts';
import { explain } from '../balance/explain.ts';
import type { Caller } from '../balance/types.ts';
import { viewFromAfar } from '../balance/view.ts';
import { policyOf } from '../config/service.ts';
import type { Gateway } from '../gateway.ts';
import { offersOf } from './items.ts';

/** `from` is CLUSTER or CLUSTER/ZONE, default this gateway. Throws SERVICE_NOT_FOUND, CLUSTER_NOT_FOUND or NAME_INVALID. */
export async function explanation(
  gateway: Gateway,
  service: ServiceName,
  from: string | undefined,
  without: ReadonlySet<ClusterName>,
): Promise<ExplainAnswer> {
  const { config, services, snapshot, workers } = gateway;
  const [name = config.cluster, zone] = from?.split('/') ?? [];
  const caller = callerAt(gateway, parseClusterName(name), zone);
  const own = services.endpoints(service);
  const published = services.published(service);
  if (own.length === 0 && offersOf(published).length === 0) {
    throw new IsthmusError('SERVICE_NOT_FOUND', {
      what: `Nobody in ${config.federation} has a service ${service}`,
    });
  }
  const policy = policyOf(config, service);
  if (caller.cluster !== config.cluster) {
    const view = viewFromAfar(published, caller.cluster, snapshot);
    const note = `Seen from ${config.cluster}: what the gateways of ${caller.cluster} learnt by use (ejections, a ramp under way) is not known here`;
    return { ...explain(view, caller, policy, undefined, { without }), notes: [note] };
  }
  // Ejections and ramps are those of the gateway's own zone.
  const state = zone === undefined ? await workers.balancerState(service) : undefined;
  const isKept = own.length > 0 && !own.some(({ exported }) => exported);
  return {
    ...explain(services.balanceView(service), caller, policy, state, { without }),
    notes: isKept ? [`${service} is not exported: other clusters can't use the copies here`] : [],
  };
}

function callerAt(gateway: Gateway, cluster: ClusterName, zone: string | undefined): Caller {
  if (zone !== undefined && !isLabel(zone)) {
    throw new IsthmusError('NAME_INVALID', {
      what: `${JSON.stringify(zone.slice(0, 80))} is not a zone`,
    });
  }
  const { caller, config, snapshot } = gateway;
  if (cluster === config.cluster) return { ...caller, zone: zone ?? caller.zone };
  const view = snapshot.clusters.get(cluster);
  if (!view?.record) {
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member` });
  }
  const gatewayZone = [...view.gateways.values()][0]?.zone;
  return {
    cluster,
    region: view.record.region,
    zone: zone ?? gatewayZone ?? view.record.zones[0] ?? '',
  };
}
