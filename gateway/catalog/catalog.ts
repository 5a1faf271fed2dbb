/** Owns the endpoints registered with this gateway: from its configuration, and by API with a heartbeat; each with its health. */
import type { Clock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { Listeners } from '../../core/listeners.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { EndpointRecord, Health, Protocol } from '../../registry/model.ts';
import type { Check } from '../health/check.ts';
import type { HealthChecker } from '../health/checker.ts';

/** One endpoint as its owner describes it. */
export interface Registration {
  readonly service: ServiceName;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly protocol: Protocol;
  readonly exported: boolean;
  readonly source: 'config' | 'api';
  readonly check?: Check | undefined;
  /** Heartbeat: without one for this long the endpoint is unhealthy. Milliseconds. */
  readonly ttlMs?: number | undefined;
  /** Without a heartbeat for this long the endpoint is deregistered. Milliseconds. */
  readonly deregisterAfterMs?: number | undefined;
}

/** Where this gateway is: what its endpoints' records carry. */
export interface Home {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zone: string;
  readonly gateway: string;
}

export interface CatalogEntry {
  readonly registration: Registration;
  readonly health: Health;
  /** Why the health is what it is, for a person. */
  readonly reason: string;
}

interface Entry {
  registration: Registration;
  /** Monotonic time of the last sign of life. */
  beatAt: number;
  /** True once the heartbeat is overdue. */
  overdue: boolean;
}

export interface CatalogOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly checker: Pick<HealthChecker, 'set' | 'remove' | 'status' | 'onChange'>;
}

const sweepMs = 250;
const assumed = { health: 'healthy', reason: 'Assumed: it has no check' } as const;

/** Endpoints by service and id. Every change is announced by the name of its service. */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #services = new Map<ServiceName, Map<string, Entry>>();
  readonly #listeners = new Listeners<[service: ServiceName]>();
  readonly #beating = new Set<Entry>();
  #cancelSweep: (() => void) | undefined;
  #size = 0;

  constructor(options: CatalogOptions) {
    this.#options = options;
    options.checker.onChange((key) => {
      const slash = key.indexOf('/');
      const service = key.slice(0, slash) as ServiceName;
      if (this.has(service, key.slice(slash + 1))) this.#announce(service);
    });
  }

  get size(): number {
    return this.#size;
  }

  onChange(listener: (service: ServiceName) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Adds or replaces an endpoint. Throws ENDPOINT_FIXED when the API names one of the configuration's. */
  put(registration: Registration): CatalogEntry {
    const { service, id } = registration;
    const endpoints = this.#services.get(service) ?? new Map<string, Entry>();
    this.#services.set(service, endpoints);
    const before = endpoints.get(id);
    if (before) refuseFixed(before.registration, registration.source);
    const entry: Entry = before ?? { registration, beatAt: 0, overdue: false };
    entry.registration = registration;
    entry.beatAt = this.#options.clock.monotonic();
    entry.overdue = false;
    endpoints.set(id, entry);
    if (!before) this.#size++;
    this.#check(registration);
    if (registration.ttlMs === undefined) this.#beating.delete(entry);
    else this.#beating.add(entry);
    this.#scheduleSweep();
    this.#announce(service);
    return this.#view(entry);
  }

  /** Makes those of the API be exactly these; where the configuration names one of them, it is the configuration's. */
  restore(registrations: readonly Registration[]): void {
    const wanted = new Set(registrations.map(({ service, id }) => checkKey(service, id)));
    for (const { service, id } of [...this.apiRegistrations()]) {
      if (!wanted.has(checkKey(service, id))) this.remove(service, id);
    }
    for (const registration of registrations) {
      const before = this.#services.get(registration.service)?.get(registration.id);
      if (before?.registration.source !== 'config') this.put(registration);
    }
  }

  /** Notes a sign of life. Throws ENDPOINT_NOT_FOUND. */
  heartbeat(service: ServiceName, id: string): CatalogEntry {
    const entry = this.#find(service, id);
    entry.beatAt = this.#options.clock.monotonic();
    if (entry.overdue) {
      entry.overdue = false;
      this.#announce(service);
    }
    return this.#view(entry);
  }

  /** Removes an endpoint of the API. Throws ENDPOINT_NOT_FOUND or ENDPOINT_FIXED. */
  remove(service: ServiceName, id: string): void {
    const entry = this.#find(service, id);
    refuseFixed(entry.registration, 'api');
    const endpoints = this.#services.get(service);
    endpoints?.delete(id);
    if (endpoints?.size === 0) this.#services.delete(service);
    this.#beating.delete(entry);
    this.#options.checker.remove(checkKey(service, id));
    this.#size--;
    this.#announce(service);
  }

  services(): IterableIterator<ServiceName> {
    return this.#services.keys();
  }

  hasService(service: ServiceName): boolean {
    return this.#services.has(service);
  }

  has(service: ServiceName, id: string): boolean {
    return this.#services.get(service)?.has(id) ?? false;
  }

  *entries(service: ServiceName): IterableIterator<CatalogEntry> {
    for (const entry of this.#services.get(service)?.values() ?? []) yield this.#view(entry);
  }

  /** Whether every endpoint has been checked once, where it is checked at all. */
  get isChecked(): boolean {
    for (const endpoints of this.#services.values()) {
      for (const entry of endpoints.values()) {
        if (this.#view(entry).health === 'unknown') return false;
      }
    }
    return true;
  }

  /** Everything registered by API, for the file that outlives a restart. */
  *apiRegistrations(): IterableIterator<Registration> {
    for (const endpoints of this.#services.values()) {
      for (const { registration } of endpoints.values()) {
        if (registration.source === 'api') yield registration;
      }
    }
  }

  /** The registry records of a service's endpoints here. */
  *records(service: ServiceName): IterableIterator<EndpointRecord> {
    const { home } = this.#options;
    for (const { registration, health } of this.entries(service)) {
      yield {
        cluster: home.cluster,
        service,
        id: registration.id,
        address: registration.address,
        port: registration.port,
        region: home.region,
        zone: registration.zone,
        weight: registration.weight,
        labels: registration.labels,
        protocol: registration.protocol,
        health,
        exported: registration.exported,
        gateway: home.gateway,
      };
    }
  }

  close(): void {
    this.#cancelSweep?.();
    this.#listeners.clear();
  }

  /** Begins, changes or ends the active check of an endpoint; one that is the same runs on. */
  #check({ service, id, address, port, check }: Registration): void {
    const { checker } = this.#options;
    const key = checkKey(service, id);
    if (check) checker.set({ key, address, port, check });
    else checker.remove(key);
  }

  #view({ registration, overdue }: Entry): CatalogEntry {
    if (overdue) {
      return { registration, health: 'unhealthy', reason: 'Its heartbeat is overdue' };
    }
    const key = checkKey(registration.service, registration.id);
    const { health, reason } = this.#options.checker.status(key) ?? assumed;
    return { registration, health, reason };
  }

  #find(service: ServiceName, id: string): Entry {
    const entry = this.#services.get(service)?.get(id);
    if (entry) return entry;
    throw new IsthmusError('ENDPOINT_NOT_FOUND', {
      what: `${service} has no endpoint ${id} at this gateway`,
    });
  }

  #announce(service: ServiceName): void {
    this.#listeners.tell(service);
  }

  #scheduleSweep(): void {
    if (this.#cancelSweep || this.#beating.size === 0) return;
    this.#cancelSweep = this.#options.clock.after(sweepMs, () => {
      this.#cancelSweep = undefined;
      this.#sweep();
      this.#scheduleSweep();
    });
  }

  #sweep(): void {
    const now = this.#options.clock.monotonic();
    for (const entry of [...this.#beating]) {
      const { service, id, ttlMs = 0, deregisterAfterMs } = entry.registration;
      const silent = now - entry.beatAt;
      if (deregisterAfterMs !== undefined && silent >= deregisterAfterMs) {
        this.remove(service, id);
      } else if (silent >= ttlMs && !entry.overdue) {
        entry.overdue = true;
        this.#announce(service);
      }
    }
  }
}

function checkKey(service: ServiceName, id: string): string {
  return `${service}/${id}`;
}

function refuseFixed(existing: Registration, by: Registration['source']): void {
  if (existing.source === 'config' && by === 'api') {
    throw new IsthmusError('ENDPOINT_FIXED', {
      what: `Endpoint ${existing.id} of ${existing.service} comes from the configuration file`,
    });
  }
}
