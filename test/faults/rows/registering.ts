/** Owns registering endpoints while a fault lasts, and looking whether others have heard of them. */
import type { ExplainAnswer, ServiceItem } from '../../../gateway/control/api/answers.ts';
import { until } from '../../support/until.ts';
import { everywhere, portOf } from '../scene/plan.ts';
import type { Scene } from '../scene/scene.ts';

const namespace = 'shop';
const deregisteredWithinMs = 60_000;

/** Registers endpoints of a service at a gateway, with the address of an instance that is there. */
export async function register(
  scene: Scene,
  gateway: string,
  service: string,
  count: number,
): Promise<void> {
  const { process } = scene.gateway(gateway);
  const address = scene.addressOfServices(scene.gateway(gateway).datacenter);
  const port = portOf(everywhere, 1);
  const register = Array.from({ length: count }, (_, i) => ({
    service: `${service}.${namespace}`,
    id: `${service}-${i}`,
    address,
    port,
  }));
  await process.api.send('POST', '/v1/endpoints', { register });
  scene.registered.push({ gateway, service, count });
}

/** Deregisters what rows have registered. */
export async function deregisterAll(scene: Scene): Promise<void> {
  for (const { gateway, service, count } of scene.registered.splice(0)) {
    const deregister = Array.from({ length: count }, (_, i) => ({
      service: `${service}.${namespace}`,
      id: `${service}-${i}`,
    }));
    const { process } = scene.gateway(gateway);
    await process.api.send('POST', '/v1/endpoints', { deregister });
    await until(
      `${service} to be gone`,
      async () => !(await knows(scene, 'dc3/g1', service)),
      deregisteredWithinMs,
    );
  }
}

async function knows(scene: Scene, gateway: string, service: string): Promise<boolean> {
  const items = await scene.gateway(gateway).process.items<ServiceItem>('/v1/services');
  return items.some((item) => item.service === `${service}.${namespace}`);
}

/** Why requests through a gateway would not find a service that was registered elsewhere; nothing once they do. */
export async function routes(
  scene: Scene,
  gateway: string,
  service: string,
): Promise<readonly string[]> {
  const { process } = scene.gateway(gateway);
  const path = `/v1/explain/${service}.${namespace}`;
  return until(`${gateway} to route to ${service}`, async () => {
    const { tiers } = await process.api.get<ExplainAnswer>(path);
    return tiers.length > 0;
  }).then(
    () => [],
    (error: Error) => [error.message],
  );
}
