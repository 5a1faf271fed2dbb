/** Owns the admin side of a gateway: its API, and what only the API needs: counts over time, the audit, the other gateways' answers. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { ServiceName } from '../core/names.ts';
import type { DrillSummary } from '../federation/drills/model.ts';
import { openAccess } from './admin/access/listener-access.ts';
import { itemsTopic } from './admin/live/topic.ts';
import { scheduleOperations } from './admin/operations/drill-schedules.ts';
import { drillOperations } from './admin/operations/drills.ts';
import { orderOperations } from './admin/operations/orders.ts';
import { PeerAgent } from './admin/peers/agent.ts';
import { askPeer } from './admin/peers/client.ts';
import { type AdminServer, startAdminServer } from './admin/server.ts';
import { createControl } from './control/control.ts';
import { Audit } from './events/audit.ts';
import { observe } from './events/observe.ts';
import type { Gateway } from './gateway.ts';
import { Collector } from './graph/collector.ts';
import { countsOf } from './graph/counts.ts';
import { Sampler } from './graph/sampler.ts';
import { Metrics } from './metrics.ts';
import { PeerBeliefs } from './peers/beliefs.ts';
import { otherGateways, peerCluster } from './peers/clusters.ts';
import { latencyBoundsMs } from './proxy/series.ts';

export interface Administration {
  /** Where the API listens: `host:port` or `unix:/path`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts it over a running gateway. Throws what keeps it from listening. */
export async function startAdministration(
  gateway: Gateway,
  clock: Clock,
  log: Log,
): Promise<Administration> {
  const { config, workers, journal, drills } = gateway;
  const { cluster } = config;
  const { listen, admin, baseDir } = config;
  const access = await openAccess({ listen: listen.admin, admin, baseDir, clock, log });
  const audit = await Audit.open({ dataDir: config.dataDir, clock, log });
  const sampler = new Sampler({
    clock,
    counts: () =>
      countsOf(workers.counters.snapshot(), cluster, (name) => protocolOf(gateway, name)),
    onFailure: (err) => log.warn({ err }, 'the counters could not be read'),
  });
  const agent = new PeerAgent({
    identity: () => gateway.identity.leaf.current,
    trust: gateway.identity.trust,
    clock,
    find: (name) => peerCluster(gateway, name),
  });
  const collector = new Collector({
    cluster,
    gateway: config.gateway,
    sampler,
    boundsMs: latencyBoundsMs,
    peers: () => otherGateways(gateway),
    ask: (peer, path) => askPeer(agent, peer, path),
    clock,
    log,
  });
  const stopObserving = observe(gateway);
  let server: AdminServer | undefined;
  const peers = new PeerBeliefs({
    peers: () => otherGateways(gateway),
    ask: (peer, path) => askPeer(agent, peer, path),
    clock,
  });
  const control = createControl(gateway, {
    adminAddress: () => server?.address ?? listen.admin,
    peers,
  });
  const metrics = new Metrics(gateway, control, peers);
  server = await startAdminServer({
    listen: listen.admin,
    access,
    requestsPerSecond: admin.requestsPerSecond,
    control,
    traffic: collector,
    journal,
    audit,
    metrics: (accept) => metrics.read(accept),
    peers: {
      agent,
      grants: (name) => admin.clusters[name] ?? admin.clusters['*'] ?? 'viewer',
      self: cluster,
    },
    more: {
      operations: [
        ...drillOperations(drills, clock),
        ...scheduleOperations(drills.schedules),
        ...orderOperations(drills.orders),
      ],
      topics: [
        itemsTopic<DrillSummary>(
          'drills',
          1_000,
          ({ id }) => id,
          () => drills.list(),
          (changed) => drills.onChange(changed),
        ),
      ],
    },
    clock,
    log,
  });
  gateway.membersListener.takeAdmin((socket, peer) => server.acceptPeer(socket, peer));
  const { address } = server;
  return {
    address,
    async close() {
      stopObserving();
      sampler.close();
      metrics.close();
      await server.close();
      agent.destroy();
      await audit.flush();
    },
  };
}

function protocolOf(gateway: Gateway, service: string): string {
  return gateway.services.endpoints(service as ServiceName)[0]?.protocol ?? 'http';
}
