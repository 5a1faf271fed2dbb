/** Owns telling of endpoints that go down and come back, service by service, with how many are left; pure. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { Health } from '../../../registry/model.ts';
import type { EventDraft } from './event.ts';
import { listed } from './words.ts';

export interface SeenEndpoint {
  readonly id: string;
  readonly health: Health;
  /** Why it is so, for a person. */
  readonly reason: string;
}

/** The ids of `endpoints` that are down, when `before` were. An endpoint that is not judged anew yet stays what it was. */
export function downAmong(
  endpoints: readonly SeenEndpoint[],
  before: ReadonlySet<string>,
): ReadonlySet<string> {
  return new Set(
    endpoints
      .filter(({ id, health }) => (health === 'unknown' ? before.has(id) : health === 'unhealthy'))
      .map(({ id }) => id),
  );
}

/** The events of a service of `cluster` of which `before` were down. */
export function endpointEvents(
  cluster: ClusterName,
  service: ServiceName,
  before: ReadonlySet<string>,
  endpoints: readonly SeenEndpoint[],
): EventDraft[] {
  const down = downAmong(endpoints, before);
  const total = endpoints.length;
  const healthy = endpoints.filter(({ health }) => health === 'healthy').length;
  const left = `${healthy === 0 ? 'none' : healthy} of ${total} ${healthy === 1 ? 'is' : 'are'} healthy`;
  const told = (
    kind: 'endpoint-down' | 'endpoint-up',
    severity: EventDraft['severity'],
    changed: readonly SeenEndpoint[],
  ): EventDraft[] => {
    if (changed.length === 0) return [];
    const ids = changed.map(({ id }) => id);
    const because = kind === 'endpoint-down' ? ` (${changed[0]?.reason})` : '';
    const are = changed.length === 1 ? 'is' : 'are';
    const what = `${service}: ${listed(ids)} ${are} ${kind === 'endpoint-down' ? 'down' : 'back'}${because}; ${left}`;
    return [{ kind, severity, cluster, what, details: { service, ids, healthy, total } }];
  };
  return [
    ...told(
      'endpoint-down',
      healthy === 0 ? 'error' : 'warning',
      endpoints.filter(({ id }) => down.has(id) && !before.has(id)),
    ),
    ...told(
      'endpoint-up',
      'info',
      endpoints.filter(({ id }) => before.has(id) && !down.has(id)),
    ),
  ];
}
