/** Owns the admin API's server: its limits, what every request passes, and the operations put together. */
import type { Duplex } from 'node:stream';
import { Server } from 'node:tls';
import fastify, { type FastifyInstance } from 'fastify';
import type { SpiffeId } from '../../../certs/spiffe-id.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { version } from '../../../core/version.ts';
import type { GatewayAgent } from '../others/agent.ts';
import { installGate } from './access/gate.ts';
import type { ListenerAccess } from './access/listener-access.ts';
import { installAuditing } from './auditing.ts';
import { installCompression } from './compression.ts';
import { installOperations } from './install.ts';
import { listenOn } from './listen.ts';
import type { EventStream } from './live/event-stream.ts';
import { Hub } from './live/hub.ts';
import type { Topic } from './live/topic.ts';
import { openApiOperation } from './openapi.ts';
import type { Operation } from './operation.ts';
import { auditOperation } from './operations/audit.ts';
import { endpointOperations } from './operations/endpoints.ts';
import { federationOperations } from './operations/federation.ts';
import { gatewayOperations } from './operations/gateway.ts';
import { journalOperations } from './operations/journal.ts';
import { liveOperation } from './operations/live.ts';
import { metricsOperation } from './operations/metrics.ts';
import { serviceOperations } from './operations/services.ts';
import { trafficOperations } from './operations/traffic.ts';
import { clustersPrefix, installForwarding } from './others/forward.ts';
import { type Grants, Inbound } from './others/inbound.ts';
import type { AdminParts } from './parts.ts';
import { installProblems, refuseOctets, refuseUrl } from './problems.ts';
import { installRateLimit } from './rate-limit.ts';
import { topicsOf } from './topics.ts';
import { builtUi, installBrowserRules, installUi } from './ui-files.ts';

export interface AdminServer {
  /** Takes over a verified connection of another cluster's gateway. */
  acceptGateway(socket: Duplex, peer: SpiffeId): void;
  /** The address it listens at: `host:port` or `unix:/path`. */
  readonly address: string;
  close(): Promise<void>;
}

export interface AdminServerOptions extends AdminParts {
  /** `host:port` or `unix:/path`. */
  readonly listen: string;
  /** Whom the listener lets in; see `openAccess`. */
  readonly access: ListenerAccess;
  readonly requestsPerSecond: number;
  /** The way to other clusters' admin APIs, and what their gateways may ask for here. */
  readonly others?: {
    readonly agent: GatewayAgent;
    readonly grants: Grants;
    /** This cluster's own name, by which it may be asked too. */
    readonly self: string;
  };
  /** Folder of the built UI; default where the build puts it. */
  readonly ui?: string;
  /** Operations and topics of other parts of the gateway. */
  readonly more?: {
    readonly operations?: readonly Operation[];
    readonly topics?: readonly Topic[];
  };
  readonly clock: Clock;
  readonly log: Log;
}

const bodyLimit = 1024 * 1024;
/** Over the longest name there is, so that one too long is refused as a name. */
const maxParamLength = 1024;

/** Starts the admin API. Throws PORT_IN_USE when the address is taken. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { listen, access, clock, log, auditTrail, others, more } = options;
  const app: FastifyInstance = fastify({
    ...(access.tls && { https: access.tls.options }),
    bodyLimit,
    forceCloseConnections: true,
    frameworkErrors: refuseUrl,
    clientErrorHandler: refuseOctets,
    routerOptions: { maxParamLength },
    schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
    rewriteUrl: ({ url = '/' }) => withoutSelf(url, others?.self),
  });
  // A body of the kind that a form of another site can send is none here.
  app.removeContentTypeParser('text/plain');
  installBrowserRules(app);
  installCompression(app);
  installProblems(app, log);
  installAuditing(app, (entry) => auditTrail.record(entry));
  const inbound = new Inbound((request, response) => app.routing(request, response));
  const inboundAccess = inbound.access(others?.grants ?? (() => 'viewer'));
  installGate(app, (request) => (inbound.has(request) ? inboundAccess : access));
  await installRateLimit(app, options.requestsPerSecond);
  const topics = [...topicsOf(options), ...(more?.topics ?? [])];
  const hub = new Hub(topics, clock.now().toString(36), clock, log);
  const streams = new Set<EventStream>();
  const operations = operationsOf(options, liveOperation(hub, streams, clock));
  installOperations(app, [...operations, openApiOperation(operations, version)]);
  if (others) await installForwarding(app, others.agent);
  await installUi(app, options.ui ?? builtUi);
  const address = await listenOn(app, listen);
  const unwatch = access.watch((tls) => {
    if (app.server instanceof Server) app.server.setSecureContext(tls);
  });
  return {
    address,
    acceptGateway: (socket, peer) => inbound.accept(socket, peer),
    async close() {
      unwatch();
      for (const stream of streams) stream.cut('closing');
      hub.close();
      inbound.close();
      await app.close();
    },
  };
}

/** What comes in is parsed by zod, and what goes out is made here: without this the libraries for fastify's schemas would be loaded. */
function noSchema(): never {
  throw new Error('no route has a schema of fastify');
}

function operationsOf(options: AdminServerOptions, live: Operation): readonly Operation[] {
  const { control, traffic, journal, auditTrail, metrics, more } = options;
  return [
    ...gatewayOperations(control),
    ...serviceOperations(control),
    ...endpointOperations(control),
    ...federationOperations(control),
    ...trafficOperations(traffic),
    ...journalOperations(journal),
    auditOperation(auditTrail.audit),
    live,
    metricsOperation(metrics),
    ...(more?.operations ?? []),
  ];
}

/** `/clusters/<this one>/...` is what it is without that. */
function withoutSelf(url: string, self: string | undefined): string {
  const prefix = `${clustersPrefix}/${self}/`;
  return self !== undefined && url.startsWith(prefix) ? url.slice(prefix.length - 1) : url;
}
