/** Owns what it is for a gateway of the scene to be whole. */
import type { ClusterItem } from '../../../gateway/control/api/answers.ts';
import type { SceneGateway } from './gateway.ts';
import { datacenters, gatewaysOf } from './plan.ts';

/** True when it is ready, in step with its registry, linked to every gateway of the others, and has no problem; throws what it lacks. */
export async function isWhole({ name, process }: SceneGateway): Promise<boolean> {
  const { ready, state, registry, problems, missing } = await process.status();
  const said = [...problems, ...missing].map(({ code, what }) => `${code}: ${what}`);
  if (said.length > 0) throw new Error(`${name} says ${said.join('; ')}`);
  if (!ready) throw new Error(`${name} is ${state}`);
  const { kind, stale, fromCache, pendingWrites } = registry;
  if (kind !== 'connected' || stale || fromCache || pendingWrites > 0) {
    throw new Error(`the registry of ${name} is ${JSON.stringify(registry)}`);
  }
  const clusters = await process.items<ClusterItem>('/v1/clusters');
  for (const cluster of datacenters.filter((one) => !name.startsWith(`${one}/`))) {
    const seen = clusters.find((one) => one.cluster === cluster);
    if (seen?.state !== 'up' || seen.gateways !== gatewaysOf[cluster].length) {
      throw new Error(`${name} sees ${cluster} as ${JSON.stringify(seen)}`);
    }
  }
  return true;
}
