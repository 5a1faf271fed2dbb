/** Owns the admin side of a gateway: its API, and what only the API needs: counts over time, the audit, the other gateways' answers. */
import { join } from 'node:path';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ServiceName } from '../../../core/names.ts';
import type { DrillSummary } from '../../../federation/drills/model.ts';
import { latencyBoundsMs } from '../../data/observe/series.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Drills } from '../drills/drills.ts';
import { noteGatewayEvents, type WatchedGateway } from '../events/gateway-events.ts';
import type { Journal } from '../events/journal.ts';
import { KeptRing } from '../events/kept-ring.ts';
import { noteServiceEvents, type WatchedServices } from '../events/service-events.ts';
import { countsOf } from '../graph/counts.ts';
import { FederationCounts } from '../graph/federation-counts.ts';
import { Sampler } from '../graph/sampler.ts';
import { History } from '../history/history.ts';
import type { SharedLimits } from '../limits/shared-limits.ts';
import type { MembersListener } from '../membership/members-listener.ts';
import type { OtherGateways } from '../others/other-gateways.ts';
import type { WrittenPolicies } from '../policies/written-policies.ts';
import { type MeasuredParts, Metrics } from '../telemetry/metrics.ts';
import { Verifier } from '../verify/verifier.ts';
import { openAccess } from './access/listener-access.ts';
import { itemsTopic, type Topic } from './live/topic.ts';
import { clusterOperations } from './operations/clusters.ts';
import { scheduleOperations } from './operations/drill-schedules.ts';
import { drillOperations } from './operations/drills.ts';
import { grantOperations } from './operations/grants.ts';
import { historyOperations } from './operations/history.ts';
import { limitOperations } from './operations/limits.ts';
import { orderOperations } from './operations/orders.ts';
import { type PolicyParts, policyOperations } from './operations/policies.ts';
import { policyEffectOperation } from './operations/policy-effect.ts';
import { policyPlanOperation } from './operations/policy-plan.ts';
import { policyReadingOperation } from './operations/policy-reading.ts';
import { sampledRequestOperations } from './operations/sampled-requests.ts';
import { standingOperations } from './operations/standing.ts';
import { type TrustParts, trustOperations } from './operations/trust.ts';
import { verifyOperations } from './operations/verify.ts';
import { type AdminServer, startAdminServer } from './server.ts';
import { type ControlledParts, createControl } from './view/control.ts';
import { type PolicySummary, policySummaries } from './view/policies.ts';
import type { EffectParts } from './view/policy-effect.ts';

/** Of the events on disk. */
const journalBounds = { maxBytes: 8 * 1024 * 1024, files: 2 };

export interface Administration {
  /** The address at which the API listens: `host:port` or `unix:/path`. */
  readonly address: string;
  close(): Promise<void>;
}

/** The parts of a gateway that are administered. */
type AdministeredParts = ControlledParts &
  MeasuredParts &
  WatchedGateway &
  WatchedServices &
  PolicyParts &
  Pick<EffectParts, 'clock' | 'workers'> &
  TrustParts & {
    readonly auditTrail: AuditTrail;
    readonly drills: Drills;
    readonly journal: Journal;
    readonly writtenPolicies: WrittenPolicies;
    readonly sharedLimits: SharedLimits;
    readonly others: OtherGateways;
    readonly membersListener: Pick<MembersListener, 'takeAdmin'>;
  };

/** Starts it over a running gateway. Throws what keeps it from listening. */
export async function startAdministration(
  gateway: AdministeredParts,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<Administration> {
  const { auditTrail, config, workers, journal, drills, others } = gateway;
  const { cluster } = config;
  const { listen, admin, baseDir } = config;
  const access = await openAccess({ listen: listen.admin, admin, baseDir, clock, log });
  await auditTrail.open();
  const history = await History.open(gateway, log);
  const sampler = new Sampler({
    clock,
    counts: () =>
      countsOf(workers.counters.snapshot(), cluster, (name) => protocolOf(gateway, name)),
    onFailure: (err) => log.warn({ err }, 'the counters could not be read'),
  });
  const federationCounts = new FederationCounts({
    cluster,
    gateway: config.gateway,
    sampler,
    boundsMs: latencyBoundsMs,
    others: () => others.list(),
    ask: (other, path) => others.ask(other, path),
    clock,
    log,
  });
  const events = await KeptRing.open(journal, {
    path: join(config.dataDir, 'events.jsonl'),
    name: 'journal',
    ...journalBounds,
    clock,
    log,
  });
  const stops = [noteGatewayEvents(gateway), noteServiceEvents(gateway, sampler, log)];
  let server: AdminServer | undefined;
  const control = createControl(gateway, {
    adminAddress: () => server?.address ?? listen.admin,
  });
  const { verify } = config;
  const verifier = new Verifier({ gateway, everyMs: verify.every, clock, random, log });
  const metrics = new Metrics(gateway, () => control.status(), verifier);
  server = await startAdminServer({
    listen: listen.admin,
    access,
    requestsPerSecond: admin.requestsPerSecond,
    control,
    traffic: federationCounts,
    journal,
    auditTrail,
    metrics: (accept) => metrics.read(accept),
    others: {
      agent: others.agent,
      grants: (name) => admin.clusters[name] ?? admin.clusters['*'] ?? 'viewer',
      self: cluster,
    },
    more: {
      operations: [
        ...drillOperations(drills, clock),
        ...scheduleOperations(drills.schedules),
        ...orderOperations(drills.orders),
        ...grantOperations(gateway),
        ...trustOperations(gateway, clock),
        ...policyOperations(gateway),
        policyPlanOperation(gateway),
        policyEffectOperation(gateway, federationCounts),
        policyReadingOperation,
        ...sampledRequestOperations(gateway),
        ...limitOperations(gateway),
        ...historyOperations(gateway, history),
        ...verifyOperations(gateway, verifier, clock),
        ...standingOperations(drills.orders),
        ...clusterOperations(() => control.clusters(), drills.orders),
      ],
      topics: [
        itemsTopic<DrillSummary>(
          'drills',
          1_000,
          ({ id }) => id,
          () => drills.list(),
          (changed) => drills.onChange(changed),
        ),
        policiesTopic(gateway),
      ],
    },
    clock,
    log,
  });
  gateway.membersListener.takeAdmin((socket, peer) => server.acceptGateway(socket, peer));
  const { address } = server;
  return {
    address,
    async close() {
      for (const stop of stops) stop();
      sampler.close();
      verifier.close();
      metrics.close();
      await server.close();
      await auditTrail.close();
      await history.close();
      await events.close();
    },
  };
}

/** Who has the policies before him names it: they may be many. What they count, and what is known of services, moves by itself. */
function policiesTopic(gateway: AdministeredParts): Topic {
  const { changes, workers, writtenPolicies } = gateway;
  return {
    ...itemsTopic<PolicySummary>(
      'policies',
      5_000,
      ({ scope, kind, namespace, name }) => `${scope}/${kind}/${namespace}/${name}`,
      () => policySummaries(gateway, writtenPolicies.views, workers.counters.snapshot().decided),
      (changed) => changes.join({ policies: changed, membership: changed }),
    ),
    isOnRequest: true,
  };
}

function protocolOf(gateway: Pick<AdministeredParts, 'services'>, service: string): string {
  return gateway.services.endpoints(service as ServiceName)[0]?.protocol ?? 'http';
}
