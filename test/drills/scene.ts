/** Owns what tests of drills have in common: starting one at a cluster, and waiting for what becomes of it. */
import {
  type Drill,
  type DrillSpecInput,
  type DrillState,
  type DrillSummary,
  isOver,
  type Prediction,
} from '../../federation/drills/model.ts';
import type { Cluster } from '../support/federation.ts';
import { until } from '../support/until.ts';

/** Leaves time to look at it while it is in force. */
export const evacuation = {
  kind: 'evacuate',
  scope: { cluster: 'dc1' },
  ramp: '500ms',
  duration: '60s',
} satisfies DrillSpecInput;

export function startDrill(at: Cluster, spec: DrillSpecInput, query = ''): Promise<Drill> {
  return at.gateway.api.send<Drill>('POST', `/v1/drills${query}`, spec);
}

/** Waits until over `perSecond` requests were measured in a cluster; resolves to what its evacuation would do. */
export function measured(at: Cluster, cluster: string, perSecond: number): Promise<Prediction> {
  const spec = { ...evacuation, scope: { cluster } };
  return until(`over ${perSecond} requests a second to be measured in ${cluster}`, async () => {
    const prediction = await at.gateway.api.send<Prediction>('POST', '/v1/drills/predict', spec);
    const { before = 0 } = prediction.clusters.find((one) => one.cluster === cluster) ?? {};
    return prediction.measured && before > perSecond ? prediction : undefined;
  });
}

export function drillAt(at: Cluster, id: string): Promise<Drill> {
  return at.gateway.api.get<Drill>(`/v1/drills/${id}`);
}

/** Waits until a cluster other than the driver's has heard of a drill. */
export async function heardOf(at: Cluster, id: string): Promise<void> {
  const heard = async () => {
    const drills = await at.gateway.items<DrillSummary>('/v1/drills');
    return drills.some((drill) => drill.id === id);
  };
  await until(`${at.name} to hear of drill ${id}`, heard);
}

/** Waits until a cluster has heard that every drill is over. */
export async function atRest(at: Cluster): Promise<void> {
  await until(`${at.name} to hear that every drill is over`, async () => {
    const drills = await at.gateway.items<DrillSummary>('/v1/drills');
    return drills.every(({ state }) => isOver(state));
  });
}

/** Waits until a drill is in a state, as one cluster sees it. */
export function becomes(at: Cluster, id: string, state: DrillState): Promise<Drill> {
  const seen = async () => {
    const drill = await drillAt(at, id);
    if (drill.state === state) return drill;
    throw new Error(`it is ${drill.state}: ${JSON.stringify(drill.timeline)}`);
  };
  return until(`drill ${id} to be ${state} at ${at.name}`, seen, 40_000);
}

/** Waits until every gateway says that a drill is in force there. */
export function inForce(at: Cluster, id: string): Promise<Drill> {
  const seen = async () => {
    const drill = await drillAt(at, id);
    if (drill.timeline.some(({ kind }) => kind === 'in-force')) return drill;
    throw new Error(`it is ${drill.state}: ${JSON.stringify(drill.timeline)}`);
  };
  return until(`drill ${id} to be in force`, seen, 30_000);
}

/** The load that the gateway of `at` gives a cluster's copies of `orders.shop`, in percent. */
export async function loadOn(at: Cluster, cluster: string): Promise<number> {
  const { tiers } = await at.gateway.api.get<{
    readonly tiers: readonly {
      readonly cluster: string;
      readonly healthyLoad: number;
      readonly degradedLoad: number;
    }[];
  }>('/v1/explain/orders.shop');
  return tiers
    .filter((tier) => tier.cluster === cluster)
    .reduce((sum, tier) => sum + tier.healthyLoad + tier.degradedLoad, 0);
}

/** Waits until the gateways of all `clusters` give `cluster` exactly `load` percent, each of its own clients' requests. */
export async function loadBecomes(
  clusters: readonly Cluster[],
  cluster: string,
  load: number,
): Promise<void> {
  for (const at of clusters) {
    await until(
      `${at.name} to give ${cluster} ${load} %`,
      async () => (await loadOn(at, cluster)) === load,
    );
  }
}
