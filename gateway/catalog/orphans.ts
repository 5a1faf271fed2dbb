/** Owns endpoints whose gateway was lost: they are probed, used while they answer, and forgotten when they don't. */
import type { ServiceName } from '../../core/names.ts';
import type { EndpointRecord, Health } from '../../registry/model.ts';
import type { HeldEndpoint, ServiceView } from '../../registry/snapshot.ts';
import type { Check } from '../health/check.ts';
import type { HealthChecker } from '../health/checker.ts';

/** Their own check is not known here; that somebody listens is. */
const probe: Check = {
  probe: { kind: 'tcp' },
  intervalMs: 2_000,
  timeoutMs: 1_000,
  rise: 1,
  fall: 3,
};
const prefix = 'orphan:';

export class Orphans {
  readonly #checker: HealthChecker;
  readonly #health = new Map<string, Health>();
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
      if (!key.startsWith(prefix) || !this.#health.has(key)) return;
      const [service = '', id = ''] = key.slice(prefix.length).split('/');
      this.#health.set(key, health);
      if (health === 'unhealthy') this.#forget(service as ServiceName, id);
      else changed(service as ServiceName);
    });
  }

  /** Looks at a service after its endpoints changed. */
  follow(service: ServiceName, view: ServiceView | undefined): void {
    for (const [id, held] of view?.endpoints ?? []) {
      const key = keyOf(service, id);
      if (held.orphaned && !this.#health.has(key)) {
        this.#health.set(key, held.record.health);
        const { address, port } = held.record;
        this.#checker.set({ key, address, port, check: probe });
      } else if (!held.orphaned) this.#release(key);
    }
    for (const key of this.#health.keys()) {
      const [name, id = ''] = key.slice(prefix.length).split('/');
      if (name === service && !view?.endpoints.has(id)) this.#release(key);
    }
  }

  /** The record to use: an orphan's health is what its probes say. */
  current({ record, orphaned }: HeldEndpoint): EndpointRecord {
    if (!orphaned) return record;
    return {
      ...record,
      health: this.#health.get(keyOf(record.service, record.id)) ?? record.health,
    };
  }

  #release(key: string): void {
    if (this.#health.delete(key)) this.#checker.remove(key);
  }
}

function keyOf(service: ServiceName, id: string): string {
  return `${prefix}${service}/${id}`;
}
