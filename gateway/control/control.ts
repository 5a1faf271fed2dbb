/** Owns the admin API's view of a running gateway, and its acts upon it. */
import { IsthmusError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import type { Status } from '../admin/answers.ts';
import type { Control } from '../admin/control.ts';
import { checkGateway } from '../check/check.ts';
import type { Gateway } from '../gateway.ts';
import { ownBeliefs, type TrustPeers, trustItems } from '../peers/trust-view.ts';
import { explanation } from './explanation.ts';
import {
  clusterItems,
  endpointItem,
  endpointItems,
  exportItems,
  serviceItems,
  serviceNames,
} from './items.ts';

export interface ControlOptions {
  /** Where the admin API listens. */
  adminAddress(): string;
  /** What other clusters say of themselves. */
  readonly peers: TrustPeers;
}

export function createControl(gateway: Gateway, { adminAddress, peers }: ControlOptions): Control {
  const { config, catalog, membership, workers } = gateway;
  const { cluster } = config;
  return {
    status: () => statusOf(gateway, adminAddress()),
    ready: () => gateway.state === 'ready',
    clusters: () => clusterItems(gateway),
    services: () => serviceItems(gateway),
    endpoints: (service) => endpointItems(gateway, service),
    endpoint: (service, id) => endpointItems(gateway, service).find((item) => item.id === id),
    exports: (only) => exportItems(gateway, only),
    trust: () => trustItems(gateway, peers),
    beliefs: () => ({ cluster, gateway: config.gateway, sequences: ownBeliefs(gateway) }),
    onChange: (changed) => gateway.changes.watch(changed),
    check: () => checkGateway(gateway),
    explain: (service, from, without) => explanation(gateway, service, from, without),
    workers: () => workers.status(),
    logLevel: () => gateway.logLevel,
    setLogLevel(level) {
      gateway.logLevel = level;
    },
    defaultZone: config.zone,
    async register(registration) {
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
}

function statusOf(gateway: Gateway, admin: string): Status {
  const { config, catalog, clock, identity, membership } = gateway;
  const registry = membership.session?.client.status;
  const { current } = identity.leaf;
  return {
    cluster: config.cluster,
    federation: config.federation,
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
    services: serviceNames(gateway).size,
    endpoints: catalog.size,
    problems: membership.problems.map((error) => ({
      code: error.code,
      what: error.message,
      ...(error.where === undefined ? {} : { where: error.where }),
      fix: error.fix,
    })),
    listeners: { ...gateway.addresses, admin },
  };
}
