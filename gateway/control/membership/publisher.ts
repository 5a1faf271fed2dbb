/** Owns what this gateway tells the registry: itself, its endpoints, its cluster's export summaries and its canary. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/clock.ts';
import type { FederationName, ServiceName } from '../../../core/names.ts';
import { sameSummary, summarize } from '../../../federation/exports.ts';
import { encodeKey, type RegistryKey } from '../../../registry/keys.ts';
import type { EndpointRecord, ExportRecord, GatewayRecord } from '../../../registry/model.ts';
import type { LeaseSession } from '../../../registry/session.ts';
import { type Sealer, type Signer, sealRecord, signRecord } from '../../../registry/signing.ts';
import type { Home } from '../catalog/endpoint-record.ts';

interface PublisherOptions {
  readonly federation: FederationName;
  readonly home: Home;
  readonly session: Pick<LeaseSession, 'put' | 'delete'>;
  readonly signer: Signer & Sealer;
  readonly clock: Clock;
  /** This gateway's own endpoints of a service. */
  ownEndpoints(service: ServiceName): Iterable<EndpointRecord>;
  /** All endpoints of the own cluster, of its other gateways too, by a name that others may know them by. */
  clusterEndpoints(service: ServiceName): Iterable<EndpointRecord>;
  /** The name by which other clusters know a service, where that is not its own. */
  exportedAs(service: ServiceName): ServiceName | undefined;
  /** What the cluster says of a service that it exports, beside its endpoints. */
  exportTerms(service: ServiceName): ExportTerms;
  /** The summary the registry holds, so that nothing equal is written again. */
  publishedSummary(service: ServiceName): ExportRecord | undefined;
  /** Whether this gateway is the one that writes its cluster's summaries: the lowest id alive. */
  writesSummaries(): boolean;
}

/** Which clusters may use an exported service, and what it can take. */
export type ExportTerms = Pick<ExportRecord, 'to' | 'capacity'>;

/** Names an endpoint of the own cluster. */
export interface EndpointId {
  readonly service: ServiceName;
  readonly id: string;
}

/** A summary this gateway wrote, until the registry is seen to hold it. */
interface Written {
  readonly summary: ExportRecord;
  /** When the first of those written and not yet seen was made: until then the registry shows one of them, or what was there before. */
  readonly since: number;
  /** When what was there before was made. */
  readonly before: number | undefined;
}

/**
 * Writes go to the session, which carries them to the registry whenever that can be reached. Changes of
 * one turn of the event loop are gathered, so that a burst of registrations is one write per service.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  /** Ids of the endpoints written, by service. */
  readonly #published = new Map<ServiceName, ReadonlySet<string>>();
  readonly #written = new Map<ServiceName, Written>();
  readonly #pending = new Set<ServiceName>();
  /** Services of `#pending` whose summary is written whatever the registry was seen to hold. */
  readonly #restated = new Set<ServiceName>();
  /** The gateway's record as it was published last. */
  #gateway: GatewayRecord | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Notes that a service of the own cluster changed. */
  changed(service: ServiceName): void {
    this.#pending.add(service);
    const other = this.#options.exportedAs(service);
    if (other !== undefined) this.#pending.add(other);
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Says anew what the registry may have lost of a service. */
  restate(service: ServiceName): void {
    this.#restated.add(service);
    this.changed(service);
  }

  /** Writes what is pending now. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    for (const service of this.#pending) {
      this.#endpoints(service);
      this.#summary(service);
    }
    this.#pending.clear();
    this.#restated.clear();
  }

  /** The keys by which endpoints registered here are known: their own, and the summaries of their services if this gateway writes those. */
  keysOf(those: readonly EndpointId[]): Set<string> {
    const { cluster } = this.#options.home;
    const keys = new Set<string>();
    for (const { service, id } of those) {
      keys.add(this.#key({ kind: 'endpoints', cluster, service, id }));
      // Of one that others are not to see there is none.
      if (this.#written.has(service)) keys.add(this.#key({ kind: 'exports', cluster, service }));
    }
    return keys;
  }

  gateway(record: GatewayRecord): void {
    // No two signatures are alike: what is as it was must not be signed, and written, again.
    if (isDeepStrictEqual(record, this.#gateway)) return;
    this.#gateway = record;
    this.#putSigned({ kind: 'gateways', cluster: record.cluster, id: record.id }, record, 'leased');
  }

  /** Has the gateway's record written when it is published next, whether or not it is another. */
  forgetGateway(): void {
    this.#gateway = undefined;
  }

  /** Says that everything of this cluster has been written as of now. */
  synced(): void {
    const { home, clock } = this.#options;
    const record = { cluster: home.cluster, gateway: home.gateway, at: clock.now() };
    this.#putSigned({ kind: 'synced', cluster: home.cluster }, record, 'leased');
  }

  stop(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#pending.clear();
  }

  /** Endpoints that did not change cost nothing: the session writes only differences. */
  #endpoints(service: ServiceName): void {
    const { home, session, ownEndpoints } = this.#options;
    const ids = new Set<string>();
    for (const record of ownEndpoints(service)) {
      ids.add(record.id);
      const key = { kind: 'endpoints', cluster: home.cluster, service, id: record.id } as const;
      this.#put(key, sealRecord(this.#key(key), record, this.#options.signer), 'leased');
    }
    for (const id of this.#published.get(service) ?? []) {
      if (ids.has(id)) continue;
      session.delete(this.#key({ kind: 'endpoints', cluster: home.cluster, service, id }));
    }
    if (ids.size === 0) this.#published.delete(service);
    else this.#published.set(service, ids);
  }

  /** A service without copies keeps an empty summary: a deletion would look like an accident. */
  #summary(service: ServiceName): void {
    if (!this.#options.writesSummaries()) return;
    const { home, clock } = this.#options;
    const endpoints = [...this.#options.clusterEndpoints(service)];
    const exported = endpoints.filter((endpoint) => endpoint.exported);
    const known = this.#known(service);
    if (exported.length === 0 && !known) return;
    const [offered] = summarize(exported, clock.now());
    const summary = offered
      ? { ...offered, ...this.#options.exportTerms(service) }
      : known && { ...known, localities: [], updatedAt: clock.now() };
    const isSaid = known !== undefined && !this.#restated.has(service);
    if (!summary || (isSaid && sameSummary(known, summary))) return;
    const { since, before } = this.#written.get(service) ?? {
      since: summary.updatedAt,
      before: this.#options.publishedSummary(service)?.updatedAt,
    };
    this.#written.set(service, { summary, since, before });
    const key: RegistryKey = { kind: 'exports', cluster: home.cluster, service };
    this.#putSigned(key, summary, 'persistent');
  }

  /**
   * The summary in force: the last one written here, until the registry is seen to hold that, or one that
   * another gateway of this cluster wrote meanwhile.
   */
  #known(service: ServiceName): ExportRecord | undefined {
    const published = this.#options.publishedSummary(service);
    const written = this.#written.get(service);
    if (!written) return published;
    const { summary, since, before } = written;
    const at = published?.updatedAt;
    const isOnItsWay = at === before || (at !== undefined && at >= since && at < summary.updatedAt);
    if (isOnItsWay) return summary;
    this.#written.delete(service);
    return published;
  }

  #putSigned(key: RegistryKey, record: object, life: 'leased' | 'persistent'): void {
    this.#put(key, signRecord(this.#key(key), record, this.#options.signer), life);
  }

  #put(key: RegistryKey, record: object, life: 'leased' | 'persistent'): void {
    this.#options.session.put(this.#key(key), JSON.stringify(record), {
      persistent: life === 'persistent',
    });
  }

  #key(key: RegistryKey): string {
    return encodeKey(this.#options.federation, key);
  }
}
