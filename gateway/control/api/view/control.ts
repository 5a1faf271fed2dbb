/** Owns the admin API's view of a running gateway, and its acts upon it. */
import type { Clock } from '../../../../core/clock.ts';
import { IsthmusError } from '../../../../core/errors.ts';
import type { LogLevel } from '../../../../core/log-levels.ts';
import { trustDomainOf } from '../../../../core/names.ts';
import { version } from '../../../../core/version.ts';
import type { StoreState } from '../../../../registry/store.ts';
import type { Changes } from '../../changes.ts';
import { type CheckedParts, checkGateway } from '../../check/check.ts';
import { type LinkedClusters, missingClusters, missingGateways } from '../../check/missing.ts';
import { outageOf } from '../../check/outage.ts';
import type { Membership } from '../../membership/membership.ts';
import { refuseLoss } from '../../policies/parting.ts';
import type { Readiness } from '../../readiness/readiness.ts';
import { type BelievingParts, bundleStandings } from '../../trust/standings.ts';
import type { Workers } from '../../workers/workers.ts';
import type { ReadinessItem, Status } from '../answers.ts';
import type { Control } from '../control.ts';
import { inSlices } from '../slices.ts';
import { type ExplainedParts, explanation } from './explanation.ts';
import { gatewayItems } from './gateways.ts';
import {
  clusterItems,
  endpointItemsAfter,
  endpointKey,
  exportItemsAfter,
  exportKey,
  serviceItemsAfter,
  serviceKey,
} from './items.ts';
import { problemItem } from './problem.ts';
import { type RegisteringParts, registeringOf } from './registering.ts';
import { registryReport } from './registry.ts';
import { requestExplanation } from './request-explanation.ts';

/** The parts of a gateway that this looks at and acts on by itself. */
interface OwnParts {
  readonly addresses: Status['listeners'];
  readonly catalog: { readonly size: number };
  readonly changes: Pick<Changes, 'join'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  logLevel: LogLevel;
  readonly membership: Pick<
    Membership,
    'createToken' | 'hosted' | 'join' | 'leave' | 'revokeToken'
  >;
  readonly problems: readonly IsthmusError[];
  readonly readiness: Readiness;
  /** Wall milliseconds. */
  readonly startedAt: number;
  readonly workers: Pick<Workers, 'status'>;
}

/** The parts of a gateway that the API looks at and acts on. */
export type ControlledParts = OwnParts &
  CheckedParts &
  LinkedClusters &
  BelievingParts &
  ExplainedParts &
  RegisteringParts;

interface ControlOptions {
  /** Where the admin API listens. */
  adminAddress(): string;
}

export function createControl(gateway: ControlledParts, { adminAddress }: ControlOptions): Control {
  const { clock, config, membership, workers } = gateway;
  return {
    status: () => statusOf(gateway, adminAddress()),
    readiness: () => readinessItem(gateway.readiness),
    clusters: () => clusterItems(gateway),
    gateways: () => gatewayItems(gateway),
    services: () => inSlices((key) => serviceItemsAfter(gateway, key), serviceKey, clock),
    servicesAfter: (key) => serviceItemsAfter(gateway, key),
    endpoints: (service) =>
      inSlices((key) => endpointItemsAfter(gateway, key, service), endpointKey, clock),
    endpointsAfter: (key, service) => endpointItemsAfter(gateway, key, service),
    ...registeringOf(gateway),
    exports: (only) => inSlices((key) => exportItemsAfter(gateway, key, only), exportKey, clock),
    exportsAfter: (key, only) => exportItemsAfter(gateway, key, only),
    trust: () => bundleStandings(gateway),
    onChange: (changed) =>
      gateway.changes.join({
        endpoints: changed,
        link: changed,
        membership: changed,
        effects: changed,
      }),
    check: () => checkGateway(gateway),
    registry: () => registryReport(gateway, membership.hosted !== undefined),
    explain: (asked, from, imagined) => explanation(gateway, asked, from, imagined),
    explainRequest: (asked) => requestExplanation(gateway, asked),
    workers: () => workers.status(),
    logLevel: () => gateway.logLevel,
    setLogLevel(level) {
      gateway.logLevel = level;
    },
    defaultZone: config.zone,
    createToken: (asked) => membership.createToken(asked),
    revokeToken: (id) => membership.revokeToken(id),
    join: (token, dryRun) => membership.join(token, dryRun),
    async leave(other, force, gateways) {
      const isOwn = other === undefined || other === config.cluster;
      if (isOwn && !force) refuseSilence(gateway);
      const isEtcd = membership.session?.joined.registry.kind === 'etcd';
      const left = await membership.leave(other, force, gateways);
      return { left, ...(isEtcd && { etcdUser: trustDomainOf(left, config.federation) }) };
    },
    async embeddedRegistry(action) {
      const { hosted } = membership;
      if (!hosted)
        throw new IsthmusError('REGISTRY_NOT_EMBEDDED', { what: 'This gateway hosts no registry' });
      await (action === 'stop' ? hosted.stop() : hosted.start());
    },
  };
}

/** Throws LEAVE_REFUSED where others go by what this cluster said for all. */
function refuseSilence({ config, membership, snapshot, writtenPolicies }: ControlledParts): void {
  const { session } = membership;
  if (session === undefined || session.isOut || snapshot.clusters.size === 1) return;
  const { charter } = session.trust;
  refuseLoss({ self: config.cluster, charter, policies: writtenPolicies.views });
}

function storeItem(store: StoreState | undefined) {
  if (store?.kind !== 'unavailable') return store ?? { kind: 'standalone' as const };
  const { where, message } = store.problem;
  const reason = where === undefined ? message : `${where}: ${message}`;
  return { kind: store.kind, since: store.since, reason };
}

function statusOf(gateway: ControlledParts, admin: string): Status {
  const { config, catalog, clock, identity, membership } = gateway;
  const registry = membership.session?.client.status;
  const { current } = identity.leaf;
  const { readiness } = gateway;
  const unready = 'problem' in readiness ? [readiness.problem] : [];
  const outage = registry && outageOf(registry.store);
  const problems = new Set([...unready, ...(outage ? [outage] : []), ...gateway.problems]);
  return {
    cluster: config.cluster,
    federation: config.federation,
    gateway: config.gateway,
    region: config.region,
    zone: config.zone,
    version,
    pid: process.pid,
    uptimeMs: clock.now() - gateway.startedAt,
    state: readiness.state,
    ready: readiness.state === 'ready',
    registry: {
      ...storeItem(registry?.store),
      revision: registry?.revision ?? 0,
      stale: registry?.stale ?? false,
      fromCache: registry?.fromCache ?? false,
      pendingWrites: registry?.pendingWrites ?? 0,
    },
    certificate: { id: current.id.uri, notAfter: current.notAfter },
    members: gateway.snapshot.clusters.size,
    services: gateway.services.listed.names.length,
    endpoints: catalog.size,
    problems: Array.from(problems, problemItem),
    missing: [...missingClusters(gateway), ...missingGateways(gateway)].map(problemItem),
    listeners: { ...gateway.addresses, admin },
  };
}

function readinessItem(readiness: Readiness): ReadinessItem {
  const { state } = readiness;
  return {
    ready: state === 'ready',
    state,
    ...('problem' in readiness && { problem: problemItem(readiness.problem) }),
  };
}
