/** Owns what the admin API does to endpoints: registering them, hearing that they live, deregistering them, one or many. */
import { asIsthmusError } from '../../../../core/errors.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Registration } from '../../catalog/registration.ts';
import { assertRoom } from '../../catalog/room.ts';
import type { GatewayConfig } from '../../config/config.ts';
import type { Membership } from '../../membership/membership.ts';
import type { EndpointId } from '../../membership/publisher.ts';
import type { ChangedEndpoints } from '../answers.ts';
import type { Control, EndpointChanges } from '../control.ts';
import { endpointItem, endpointItemsOf, type ListedParts } from './items.ts';

type Registering = Pick<
  Control,
  'endpoint' | 'register' | 'heartbeat' | 'deregister' | 'changeEndpoints'
>;

/** The parts of a gateway where endpoints are registered. */
export type RegisteringParts = ListedParts & {
  readonly catalog: Pick<
    Catalog,
    'find' | 'hasService' | 'heartbeat' | 'put' | 'recordOf' | 'remove' | 'serviceCount' | 'size'
  >;
  readonly config: Pick<GatewayConfig, 'quotas' | 'services'>;
  readonly membership: Pick<Membership, 'session'>;
  /** Throws DRAINING. */
  assertServing(): void;
  /** Resolves once what is registered would outlive a crash. */
  registrationsSaved(): Promise<void>;
};

export function registeringOf(gateway: RegisteringParts): Registering {
  const { catalog, membership } = gateway;
  const published = async (those: readonly EndpointId[]) =>
    (await membership.session?.presence.holds(those)) ?? false;
  /** Adds an endpoint where there is room for it, or replaces one. Throws QUOTA_EXCEEDED, and as the catalog does. */
  const put = (registration: Registration) => {
    const { service, id } = registration;
    if (catalog.find(service, id) === undefined) {
      const held = membership.session?.client.held;
      const isNew =
        !catalog.hasService(service) && gateway.services.endpoints(service).length === 0;
      const wanted = {
        endpoints: Math.max(catalog.size, held?.endpoints ?? 0) + 1,
        services: Math.max(catalog.serviceCount, held?.services ?? 0) + (isNew ? 1 : 0),
      };
      assertRoom(gateway.config.quotas, wanted, held);
    }
    return catalog.put(registration);
  };
  const endpoint: Control['endpoint'] = (service, id) => {
    const own = catalog.find(service, id);
    if (own) return endpointItem(catalog.recordOf(own), own);
    return endpointItemsOf(gateway, service).find((item) => item.id === id);
  };
  return {
    endpoint,
    async register(registration) {
      gateway.assertServing();
      const entry = put(registration);
      await gateway.registrationsSaved();
      return {
        ...endpointItem(catalog.recordOf(entry), entry),
        published: await published([registration]),
      };
    },
    heartbeat: (service, id) => catalog.heartbeat(service, id),
    async deregister(service, id) {
      catalog.remove(service, id);
      await gateway.registrationsSaved();
    },
    async changeEndpoints({ register, heartbeat, deregister }: EndpointChanges) {
      gateway.assertServing();
      const refused: ChangedEndpoints['refused'][number][] = [];
      const registered = doneOf(register, put, refused);
      const heartbeats = doneOf(
        heartbeat,
        (one) => catalog.heartbeat(one.service, one.id),
        refused,
      );
      const deregistered = doneOf(
        deregister,
        (one) => catalog.remove(one.service, one.id),
        refused,
      );
      await gateway.registrationsSaved();
      return {
        registered,
        heartbeats,
        deregistered,
        published: await published(register),
        refused,
      };
    },
  };
}

/** How many of `those` it was done to; why not is noted for each of the others. */
function doneOf<T extends { readonly service: string; readonly id: string }>(
  those: readonly T[],
  act: (one: T) => void,
  refused: ChangedEndpoints['refused'][number][],
): number {
  let done = 0;
  for (const one of those) {
    try {
      act(one);
      done++;
    } catch (thrown) {
      const { code, message } = asIsthmusError(thrown);
      refused.push({ service: one.service, id: one.id, code, what: message });
    }
  }
  return done;
}
