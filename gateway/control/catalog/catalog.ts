/** Owns the endpoints registered with this gateway: from its configuration, and by API with a heartbeat; each with its health. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { ServiceName } from '../../../core/names.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import type { ServiceDefaults } from '../../../policy/service-defaults.ts';
import type { EndpointRecord, Health } from '../../../registry/model.ts';
import { defaultProtocol } from '../../../registry/protocols.ts';
import type { Resolve } from '../../data/link/places.ts';
import type { HealthChecker } from '../health/checker.ts';
import type { ProbeTarget } from '../health/probe-result.ts';
import { endpointRecord, type Home } from './endpoint-record.ts';
import { type Beating, Heartbeats } from './heartbeats.ts';
import { Instances, nameOf } from './instances.ts';
import type { Registration, RegistrationChange, WholeRegistration } from './registration.ts';

export interface CatalogEntry {
  readonly registration: Registration;
  readonly health: Health;
  /** Why the health is what it is, for a person. */
  readonly reason: string;
}

interface Entry extends Beating {
  registration: Registration;
  /** The instances that the registration stands for; each is checked, and can be sent to. */
  instances: readonly WholeRegistration[];
}

interface CatalogOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly checker: Pick<HealthChecker, 'set' | 'remove' | 'status' | 'onChange'>;
  /** Resolves the addresses that are names. */
  readonly resolve: Resolve;
  /** What holds for endpoints of a service that say nothing themselves. */
  defaults(service: ServiceName): ServiceDefaults;
  /** How endpoints of a service are spoken to over TLS; undefined: in clear text. */
  tls(service: ServiceName): ProbeTarget['tls'];
}

const assumed = { health: 'healthy', reason: 'Assumed: it has no check' } as const;

/** Endpoints by service and id. Every change is announced by the name of its service. */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #services = new Map<ServiceName, Map<string, Entry>>();
  readonly #subscribers = new Subscribers<[service: ServiceName]>();
  readonly #registrars = new Subscribers<[change: RegistrationChange]>();
  readonly #heartbeats: Heartbeats;
  readonly #instances: Instances;
  /** Entries whose address is a name. */
  readonly #named = new Set<Entry>();
  #size = 0;

  constructor(options: CatalogOptions) {
    this.#options = options;
    const { resolve, clock } = options;
    this.#instances = new Instances({ resolve, clock, onChange: () => this.#namesChanged() });
    this.#heartbeats = new Heartbeats({
      clock,
      overdue: ({ service }) => this.#announce(service),
      lost: ({ service, id }) => this.remove(service, id),
    });
    options.checker.onChange((key) => {
      const slash = key.indexOf('/');
      const service = key.slice(0, slash) as ServiceName;
      if (this.has(service, key.slice(slash + 1))) this.#announce(service);
    });
  }

  get size(): number {
    return this.#size;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  onChange(subscriber: (service: ServiceName) => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Calls `subscriber` for each endpoint of the API that is registered, otherwise than it was, or removed; not for its health. */
  onRegistered(subscriber: (change: RegistrationChange) => void): () => void {
    return this.#registrars.add(subscriber);
  }

  /** Adds or replaces an endpoint. Throws ENDPOINT_FIXED when the API names one of the configuration's. */
  put(registration: Registration): CatalogEntry {
    const { service, id } = registration;
    const endpoints = this.#services.get(service) ?? new Map<string, Entry>();
    this.#services.set(service, endpoints);
    const before = endpoints.get(id);
    if (before) refuseFixed(before.registration, registration.source);
    const wasOfApi = before?.registration.source === 'api';
    const isNews = !isDeepStrictEqual(before?.registration, registration);
    const entry: Entry = before ?? { registration, beatAt: 0, isOverdue: false, instances: [] };
    if (isNews) this.#describe(entry, registration);
    endpoints.set(id, entry);
    if (!before) this.#size++;
    this.#heartbeats.heard(entry);
    if (isNews && registration.source === 'api') {
      this.#registrars.tell({ service, id, registration });
    } else if (wasOfApi && registration.source === 'config') {
      this.#registrars.tell({ service, id, registration: undefined });
    }
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

  /** Makes those of the configuration be exactly these. What the API had registered by such a name is the configuration's. */
  configure(registrations: readonly Registration[]): void {
    const wanted = new Set(registrations.map(({ service, id }) => checkKey(service, id)));
    for (const { registration } of [...this.#services.values()].flatMap((all) => [
      ...all.values(),
    ])) {
      const { service, id, source } = registration;
      if (source === 'config' && !wanted.has(checkKey(service, id))) this.#remove(service, id);
    }
    for (const registration of registrations) {
      const before = this.#services.get(registration.service)?.get(registration.id);
      if (!isDeepStrictEqual(before?.registration, registration)) this.put(registration);
    }
  }

  /** Notes a sign of life. Throws ENDPOINT_NOT_FOUND. */
  heartbeat(service: ServiceName, id: string): CatalogEntry {
    const entry = this.#existing(service, id);
    if (this.#heartbeats.heard(entry)) this.#announce(service);
    return this.#view(entry);
  }

  /** Removes an endpoint of the API. Throws ENDPOINT_NOT_FOUND or ENDPOINT_FIXED. */
  remove(service: ServiceName, id: string): void {
    refuseFixed(this.#existing(service, id).registration, 'api');
    this.#remove(service, id);
    this.#registrars.tell({ service, id, registration: undefined });
  }

  #remove(service: ServiceName, id: string): void {
    const entry = this.#existing(service, id);
    const endpoints = this.#services.get(service);
    endpoints?.delete(id);
    if (endpoints?.size === 0) this.#services.delete(service);
    this.#heartbeats.forget(entry);
    this.#instances.remove(entry.registration);
    this.#named.delete(entry);
    for (const instance of entry.instances) this.#options.checker.remove(keyOf(instance));
    this.#size--;
    this.#announce(service);
  }

  services(): IterableIterator<ServiceName> {
    return this.#services.keys();
  }

  hasService(service: ServiceName): boolean {
    return this.#services.has(service);
  }

  /** Whether an endpoint is registered here under that id, or is an instance of one. */
  has(service: ServiceName, id: string): boolean {
    const endpoints = this.#services.get(service);
    if (endpoints === undefined) return false;
    if (endpoints.has(id)) return true;
    if (this.#named.size === 0) return false;
    return endpoints.values().some(({ instances }) => instances.some((one) => one.id === id));
  }

  find(service: ServiceName, id: string): CatalogEntry | undefined {
    const found = this.#services.get(service)?.get(id);
    return found && this.#view(found);
  }

  /** Every instance there is of a service's endpoints here. */
  *entries(service: ServiceName): IterableIterator<CatalogEntry> {
    for (const { instances, isOverdue } of this.#services.get(service)?.values() ?? []) {
      for (const instance of instances) yield this.#viewOf(instance, isOverdue);
    }
  }

  /** Whether every endpoint has been checked once, where it is checked at all. */
  get isChecked(): boolean {
    for (const endpoints of this.#services.values()) {
      for (const { instances, isOverdue } of endpoints.values()) {
        if (instances.some((one) => this.#viewOf(one, isOverdue).health === 'unknown'))
          return false;
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
    for (const entry of this.entries(service)) yield this.recordOf(entry);
  }

  /** The record of an endpoint here, for the registry. */
  recordOf({ registration, health }: CatalogEntry): EndpointRecord {
    return endpointRecord(this.#whole(registration), health, this.#options.home);
  }

  close(): void {
    this.#instances.close();
    this.#heartbeats.close();
    this.#subscribers.clear();
    this.#registrars.clear();
  }

  /** Notes what its owner says of an endpoint, from the first time on. */
  #describe(entry: Entry, registration: Registration): void {
    this.#instances.add(registration);
    if (entry.instances.length > 0) this.#instances.remove(entry.registration);
    entry.registration = registration;
    if (nameOf(registration) === undefined) this.#named.delete(entry);
    else this.#named.add(entry);
    this.#instantiate(entry);
  }

  /** Begins, changes or ends the active checks of an endpoint; those that are the same run on. */
  #instantiate(entry: Entry): void {
    const { checker } = this.#options;
    const before = entry.instances;
    entry.instances = this.#instances.of(this.#whole(entry.registration));
    const keys = new Set(entry.instances.map(keyOf));
    for (const gone of before.map(keyOf)) if (!keys.has(gone)) checker.remove(gone);
    for (const instance of entry.instances) {
      const { address, port, check, protocol, service } = instance;
      const key = keyOf(instance);
      // An endpoint that ends its clients' TLS is not spoken to over ours.
      const tls = protocol === 'tls' ? undefined : this.#options.tls(service);
      if (check) checker.set({ key, address, port, check, ...(tls && { tls }) });
      else checker.remove(key);
    }
  }

  /** Looks again at what a service says of its endpoints. */
  defaultsChanged(service: ServiceName): void {
    const endpoints = this.#services.get(service);
    if (endpoints === undefined) return;
    for (const entry of endpoints.values()) this.#instantiate(entry);
    this.#announce(service);
  }

  #whole(registration: Registration): WholeRegistration {
    const {
      protocol = defaultProtocol,
      check,
      ports,
    } = this.#options.defaults(registration.service);
    return {
      ...registration,
      protocol: registration.protocol ?? protocol,
      check: registration.check ?? check,
      ports: registration.ports ?? ports,
    };
  }

  /** Some name has other addresses than before. */
  #namesChanged(): void {
    for (const entry of this.#named) {
      const before = entry.instances;
      this.#instantiate(entry);
      if (!isDeepStrictEqual(before, entry.instances)) this.#announce(entry.registration.service);
    }
  }

  /** The view of an endpoint as a whole: it is as well as the best of its instances. */
  #view({ registration, instances, isOverdue }: Entry): CatalogEntry {
    const views = instances.map((instance) => this.#viewOf(instance, isOverdue));
    const [first = { ...assumed }] = views;
    if (views.length < 2) return { ...first, registration };
    const healthy = views.filter(({ health }) => health === 'healthy').length;
    const reason = `${healthy} of ${views.length} addresses of ${registration.address} are healthy`;
    return { registration, health: healthy > 0 ? 'healthy' : first.health, reason };
  }

  #viewOf(registration: Registration, isOverdue: boolean): CatalogEntry {
    if (isOverdue) {
      return { registration, health: 'unhealthy', reason: 'Its heartbeat is overdue' };
    }
    const { health, reason } = this.#options.checker.status(keyOf(registration)) ?? assumed;
    return { registration, health, reason };
  }

  #existing(service: ServiceName, id: string): Entry {
    const entry = this.#services.get(service)?.get(id);
    if (entry) return entry;
    throw new IsthmusError('ENDPOINT_NOT_FOUND', {
      what: `${service} has no endpoint ${id} at this gateway`,
    });
  }

  #announce(service: ServiceName): void {
    this.#subscribers.tell(service);
  }
}

function keyOf({ service, id }: Pick<Registration, 'service' | 'id'>): string {
  return checkKey(service, id);
}

/** What the checks of an endpoint go by. */
export function checkKey(service: ServiceName, id: string): string {
  return `${service}/${id}`;
}

function refuseFixed(existing: Registration, by: Registration['source']): void {
  if (existing.source === 'config' && by === 'api') {
    throw new IsthmusError('ENDPOINT_FIXED', {
      what: `Endpoint ${existing.id} of ${existing.service} comes from the configuration file`,
    });
  }
}
