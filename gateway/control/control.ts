/** Owns the admin API's view of a running gateway, and its acts upon it. */
import { bundleFingerprint } from '../../certs/bundle.ts';
import { IsthmusError } from '../../core/errors.ts';
import {
  type ClusterName,
  isLabel,
  parseClusterName,
  type ServiceName,
  serviceHost,
} from '../../core/names.ts';
import { version } from '../../core/version.ts';
import type { EndpointRecord, ExportRecord } from '../../registry/model.ts';
import type { ClusterView } from '../../registry/snapshot.ts';
import type {
  ClusterItem,
  EndpointItem,
  ExplainAnswer,
  ExportItem,
  RegisteredEndpoint,
  ServiceItem,
  Status,
} from '../admin/answers.ts';
import type { Control } from '../admin/control.ts';
import { explain } from '../balance/explain.ts';
import type { Caller } from '../balance/types.ts';
import { publishedLinkStates, viewFromAfar } from '../balance/view.ts';
import type { CatalogEntry, Registration } from '../catalog/catalog.ts';
import { checkGateway } from '../check/check.ts';
import { policyOf } from '../config/config.ts';
import type { Gateway } from '../gateway.ts';
import { ownBeliefs, type TrustPeers, trustItems } from '../peers/trust-view.ts';

export interface ControlOptions {
  /** Where the admin API listens. */
  adminAddress(): string;
  /** What other clusters say of themselves. */
  readonly peers: TrustPeers;
}

export function createControl(gateway: Gateway, { adminAddress, peers }: ControlOptions): Control {
  const { config, catalog, membership, workers, identity, clock } = gateway;
  const { cluster, federation } = config;

  function status(): Status {
    const client = membership.session?.client;
    const registry = client?.status;
    const { current } = identity.leaf;
    return {
      cluster,
      federation,
      gateway: config.gateway,
      region: config.region,
      zone: config.zone,
      version,
      pid: process.pid,
      uptimeMs: clock.now() - gateway.startedAt,
      state: gateway.state,
      ready: gateway.state === 'ready',
      registry: {
        ...(registry?.store ?? { kind: 'standalone' as const }),
        revision: registry?.revision ?? 0,
        stale: registry?.stale ?? false,
        fromCache: registry?.fromCache ?? false,
        pendingWrites: registry?.pendingWrites ?? 0,
      },
      certificate: { id: current.id.uri, notAfter: current.notAfter },
      members: gateway.snapshot.clusters.size,
      services: serviceNames().size,
      endpoints: catalog.size,
      problems: membership.problems.map((error) => ({
        code: error.code,
        what: error.message,
        ...(error.where === undefined ? {} : { where: error.where }),
        fix: error.fix,
      })),
      listeners: { ...gateway.addresses, admin: adminAddress() },
    };
  }

  function serviceNames(): Set<ServiceName> {
    const names = new Set(catalog.services());
    for (const [name, view] of membership.session?.client.snapshot.services ?? []) {
      if (view.endpoints.size > 0 || [...view.exports.values()].some(isOffered))
        names.add(name as ServiceName);
    }
    return names;
  }

  function clusterItem(view: ClusterView): ClusterItem {
    const { record } = view;
    const own = view.cluster === cluster;
    const link = workers.links.state(view.cluster);
    const bundle = own ? identity.authority.bundle() : membership.bundleOf(view.cluster);
    return {
      cluster: view.cluster,
      region: record?.region ?? '',
      zones: record?.zones ?? [],
      trustDomain: record?.trustDomain ?? '',
      state: own ? 'self' : link.state === 'none' ? 'stale' : link.state,
      ...(link.rttMs === undefined ? {} : { rttMs: Math.round(link.rttMs * 10) / 10 }),
      gateways: view.gateways.size,
      eastWest: record?.eastWest ?? [],
      federation: record?.federation ?? [],
      bundle: {
        fingerprint: bundle ? bundleFingerprint(bundle) : '',
        sequence: bundle?.sequence ?? 0,
        notAfter: bundle ? Math.min(...bundle.roots.map((root) => root.validToDate.getTime())) : 0,
      },
      ...(record?.capacity === undefined ? {} : { capacity: record.capacity }),
      links: publishedLinks(view),
      joinedAt: record?.joinedAt ?? 0,
    };
  }

  /** A gateway that is in no federation still knows its own cluster. */
  function ownItem(): ClusterItem {
    return clusterItem({ cluster, gateways: new Map() });
  }

  function serviceItem(service: ServiceName): ServiceItem {
    const own = gateway.services.endpoints(service);
    const summaries = [...(gateway.services.published(service)?.exports.values() ?? [])].filter(
      isOffered,
    );
    return {
      service,
      host: serviceHost(service, federation),
      protocol: own[0]?.protocol ?? summaries[0]?.protocol ?? 'http',
      exported: own.some(({ exported }) => exported),
      endpoints: {
        total: own.length,
        healthy: own.filter(({ health }) => health === 'healthy').length,
      },
      remotes: summaries
        .filter((summary) => summary.cluster !== cluster)
        .map((summary) => ({
          cluster: summary.cluster,
          total: sum(summary, 'total'),
          healthy: sum(summary, 'healthy'),
        })),
    };
  }

  function endpointItems(service: ServiceName): EndpointItem[] {
    const here = new Map(
      [...catalog.entries(service)].map((entry) => [entry.registration.id, entry]),
    );
    return gateway.services
      .endpoints(service)
      .map((record) => endpointItem(record, here.get(record.id)));
  }

  async function explainFrom(
    service: ServiceName,
    from: string | undefined,
    without: ReadonlySet<ClusterName>,
  ): Promise<ExplainAnswer> {
    const [name = cluster, zone] = from?.split('/') ?? [];
    const caller = callerAt(parseClusterName(name), zone);
    const view = gateway.services.published(service);
    const own = gateway.services.endpoints(service);
    if (own.length === 0 && ![...(view?.exports.values() ?? [])].some(isOffered)) {
      throw new IsthmusError('SERVICE_NOT_FOUND', {
        what: `Nobody in ${federation} has a service ${service}`,
      });
    }
    const policy = policyOf(config, service);
    const notes: string[] = [];
    if (caller.cluster === cluster) {
      const state = zone === undefined ? await workers.balancerState(service) : undefined;
      if (own.length > 0 && !own.some(({ exported }) => exported)) {
        notes.push(`${service} is not exported: other clusters can't use the copies here`);
      }
      return {
        ...explain(gateway.services.balanceView(service), caller, policy, state, { without }),
        notes,
      };
    }
    notes.push(
      `Seen from ${cluster}: what the gateways of ${caller.cluster} learnt by use (ejections, a ramp under way) is not known here`,
    );
    const seen = view ?? { service, endpoints: new Map(), exports: new Map() };
    return {
      ...explain(viewFromAfar(seen, caller.cluster, gateway.snapshot), caller, policy, undefined, {
        without,
      }),
      notes,
    };
  }

  function callerAt(name: ClusterName, zone: string | undefined): Caller {
    if (zone !== undefined && !isLabel(zone)) {
      throw new IsthmusError('NAME_INVALID', {
        what: `${JSON.stringify(zone.slice(0, 80))} is not a zone`,
      });
    }
    if (name === cluster) return { ...gateway.caller, zone: zone ?? gateway.caller.zone };
    const view = gateway.snapshot.clusters.get(name);
    if (!view?.record)
      throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${name} is not a member` });
    const gatewayZone = [...view.gateways.values()][0]?.zone;
    return {
      cluster: name,
      region: view.record.region,
      zone: zone ?? gatewayZone ?? view.record.zones[0] ?? '',
    };
  }

  return {
    status,
    ready: () => gateway.state === 'ready',
    clusters: () => {
      const items = [...gateway.snapshot.clusters.values()].map(clusterItem);
      return items.length > 0 ? items.sort(byName('cluster')) : [ownItem()];
    },
    services: () => [...serviceNames()].sort().map(serviceItem),
    endpoints: (service) =>
      service === undefined
        ? [...serviceNames()].sort().flatMap(endpointItems)
        : endpointItems(service),
    endpoint: (service, id) => endpointItems(service).find((item) => item.id === id),
    exports: (only) => exportItems(only),
    trust: () => trustItems(gateway, peers),
    beliefs: () => ({ cluster, gateway: config.gateway, sequences: ownBeliefs(gateway) }),
    onChange: (changed) => gateway.changes.watch(changed),
    check: () => checkGateway(gateway),
    workers: () => workers.status(),
    logLevel: () => gateway.logLevel,
    setLogLevel(level) {
      gateway.logLevel = level;
    },
    explain: explainFrom,
    defaultZone: config.zone,
    async register(registration: Registration): Promise<RegisteredEndpoint> {
      gateway.assertServing();
      const entry = catalog.put(registration);
      const record = gateway.services
        .endpoints(registration.service)
        .find(({ id }) => id === registration.id);
      if (!record)
        throw new IsthmusError('INTERNAL', {
          what: 'The endpoint was registered and is not there',
        });
      await gateway.registrationsSaved();
      const published = membership.session?.client.status.store.kind === 'connected';
      return { ...endpointItem(record, entry), published };
    },
    heartbeat: (service, id) => catalog.heartbeat(service, id),
    async deregister(service, id) {
      catalog.remove(service, id);
      await gateway.registrationsSaved();
    },
    createToken: (ttlMs) => membership.createToken(ttlMs),
    join: (token, dryRun) => membership.join(token, dryRun),
    leave: async (other, force) => ({ left: await membership.leave(other, force) }),
    async embeddedRegistry(action) {
      const { hosted } = membership;
      if (!hosted)
        throw new IsthmusError('REGISTRY_NOT_EMBEDDED', { what: 'This gateway hosts no registry' });
      await (action === 'stop' ? hosted.stop() : hosted.start());
    },
  };

  function exportItems(only: ClusterName | undefined): ExportItem[] {
    const items: ExportItem[] = [];
    for (const view of membership.session?.client.snapshot.services.values() ?? []) {
      for (const summary of view.exports.values()) {
        if (!isOffered(summary) || (only !== undefined && summary.cluster !== only)) continue;
        const { signature: _, ...rest } = summary;
        items.push({
          ...rest,
          stale: gateway.snapshot.clusters.get(summary.cluster)?.synced === undefined,
        });
      }
    }
    return items.sort(byName('service'));
  }

  function endpointItem(record: EndpointRecord, entry: CatalogEntry | undefined): EndpointItem {
    const { cluster: _cluster, region: _region, protocol: _protocol, ...rest } = record;
    const reason = entry?.reason ?? `As ${record.gateway} reports`;
    return { ...rest, reason, source: entry?.registration.source ?? 'registry' };
  }
}

/** The links of a cluster's gateways, the best to each other cluster. */
function publishedLinks(view: ClusterView): ClusterItem['links'] {
  const others = new Set([...view.gateways.values()].flatMap(({ links }) => Object.keys(links)));
  const linkTo = publishedLinkStates(view);
  return [...others].sort().flatMap((cluster) => {
    const { state, rttMs } = linkTo(cluster as ClusterName);
    return state === 'none' ? [] : [{ cluster, state, ...(rttMs === undefined ? {} : { rttMs }) }];
  });
}

function isOffered(summary: ExportRecord): boolean {
  return summary.localities.length > 0;
}

function sum(summary: ExportRecord, field: 'total' | 'healthy'): number {
  return summary.localities.reduce((total, locality) => total + locality[field], 0);
}

function byName<K extends string>(field: K) {
  return (a: Record<K, string>, b: Record<K, string>): number => (a[field] < b[field] ? -1 : 1);
}
