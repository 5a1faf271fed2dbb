/** Owns endpoints whose gateway was lost: they are probed, used while they answer, and forgotten when they don't. */
import type { ServiceName } from '../../../core/names.ts';
import type { Check } from '../../../policy/health-check.ts';
import type { EndpointRecord, Health } from '../../../registry/model.ts';
import type { HeldEndpoint, ServiceView } from '../../../registry/snapshot.ts';
import type { HealthChecker } from '../health/checker.ts';

/** An orphan's own check is not known here: it is probed by connecting. */
const probe = { probe: { kind: 'tcp' }, timeoutMs: 1_000, rise: 1, fall: 3 } as const;
/** Milliseconds between two probes of an orphan while there are few, and those that each further orphan adds: of thousands only some hundred are probed in a second. */
const shortestIntervalMs = 2_000;
const intervalPerOrphanMs = 10;

/** How often the `count`th orphan is probed, in milliseconds. */
export function probeIntervalMs(count: number): number {
  return Math.max(shortestIntervalMs, count * intervalPerOrphanMs);
}
const prefix = 'orphan:';

export class Orphans {
  readonly #checker: HealthChecker;
  /** By service and id: only a service that has orphans is here. */
  readonly #health = new Map<ServiceName, Map<string, Health>>();
  /** How many there are. */
  #probed = 0;
  readonly #forget: (service: ServiceName, id: string) => void;

  /** `changed` is called when an orphan's health did, `forget` when its probes failed. */
  constructor(
    checker: HealthChecker,
    changed: (service: ServiceName) => void,
    forget: (service: ServiceName, id: string) => void,
  ) {
    this.#checker = checker;
    this.#forget = forget;
    checker.onChange((key, health) => {
      if (!key.startsWith(prefix)) return;
      const [name = '', id = ''] = key.slice(prefix.length).split('/');
      const service = name as ServiceName;
      const known = this.#health.get(service);
      if (!known?.has(id)) return;
      known.set(id, health);
      if (health === 'unhealthy') this.#forget(service, id);
      else changed(service);
    });
  }

  /** Looks at a service after its endpoints changed. */
  follow(service: ServiceName, view: ServiceView | undefined): void {
    const before = this.#health.get(service);
    const now = new Map<string, Health>();
    for (const [id, { record, orphaned }] of view?.endpoints ?? []) {
      if (!orphaned) continue;
      now.set(id, before?.get(id) ?? record.health);
      if (before?.has(id)) continue;
      const { address, port } = record;
      const check: Check = { ...probe, intervalMs: probeIntervalMs(++this.#probed) };
      this.#checker.set({ key: keyOf(service, id), address, port, check });
    }
    if (now.size > 0) this.#health.set(service, now);
    else this.#health.delete(service);
    for (const id of before?.keys() ?? []) {
      if (now.has(id)) continue;
      this.#probed--;
      this.#checker.remove(keyOf(service, id));
    }
  }

  /** The record to use: an orphan's health is what its probes say. */
  current({ record, orphaned }: HeldEndpoint): EndpointRecord {
    if (!orphaned) return record;
    const health = this.#health.get(record.service)?.get(record.id) ?? record.health;
    return { ...record, health };
  }
}

function keyOf(service: ServiceName, id: string): string {
  return `${prefix}${service}/${id}`;
}
