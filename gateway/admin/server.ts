/** Owns the admin API's server: its limits, what every request passes, and the operations put together. */
import fastify from 'fastify';
import { isLoopback } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { type Access, installGate } from './access/gate.ts';
import { installAuditing } from './auditing.ts';
import { installOperations } from './install.ts';
import { listenOn } from './listen.ts';
import type { EventStream } from './live/event-stream.ts';
import { Hub } from './live/hub.ts';
import type { Topic } from './live/topic.ts';
import type { Operation } from './operation.ts';
import { federationOperations } from './operations/federation.ts';
import { gatewayOperations } from './operations/gateway.ts';
import { journalOperations } from './operations/journal.ts';
import { liveOperation } from './operations/live.ts';
import { serviceOperations } from './operations/services.ts';
import { trafficOperations } from './operations/traffic.ts';
import type { AdminParts } from './parts.ts';
import { installProblems, refuseUrl } from './problems.ts';
import { topicsOf } from './topics.ts';

export interface AdminServer {
  /** Where it listens: `host:port` or `unix:/path`. */
  readonly address: string;
  close(): Promise<void>;
}

export interface AdminServerOptions extends AdminParts {
  /** `host:port` on loopback, or `unix:/path`. */
  readonly listen: string;
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
  const { listen, clock, log, audit, more } = options;
  const app = fastify({
    bodyLimit,
    forceCloseConnections: true,
    frameworkErrors: refuseUrl,
    routerOptions: { maxParamLength },
  });
  // What a form of another site can send is no body here.
  app.removeContentTypeParser('text/plain');
  installProblems(app, log);
  installAuditing(app, (entry) => audit.record(entry));
  installGate(app, () => localAccess);
  const topics = [...topicsOf(options), ...(more?.topics ?? [])];
  const hub = new Hub(topics, clock.now().toString(36), clock, log);
  const streams = new Set<EventStream>();
  installOperations(app, operationsOf(options, liveOperation(hub, streams, clock)));
  const address = await listenOn(app, listen);
  return {
    address,
    async close() {
      for (const stream of streams) stream.cut('closing');
      hub.close();
      await app.close();
    },
  };
}

function operationsOf(options: AdminServerOptions, live: Operation): readonly Operation[] {
  const { control, traffic, journal, audit, more } = options;
  return [
    ...gatewayOperations(control),
    ...serviceOperations(control),
    ...federationOperations(control),
    ...trafficOperations(traffic),
    ...journalOperations(journal, audit),
    live,
    ...(more?.operations ?? []),
  ];
}

/** Whoever reaches loopback or the socket is on this machine; pages of other sites are not whoever. */
const localAccess: Access = {
  site: { scheme: 'http', isOwnName: isLoopback },
  authenticate: () => ({ name: 'local', role: 'admin', via: 'local' }),
};
