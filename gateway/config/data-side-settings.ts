/** Owns what a configuration says to the data side: who it is, how services are carried, and how much is taken. */
import { serviceName } from '../../core/names.ts';
import type { ProxyLimits } from '../proxy/limit.ts';
import type { RouteTimeouts } from '../proxy/route.ts';
import type { PerListener } from '../workers/listeners.ts';
import type { Settings, WorkerOptions } from '../workers/protocol.ts';
import type { GatewayConfig } from './config.ts';
import { edgeSpecOf } from './edge-spec.ts';

/** Where the data side listens. */
export function listenOf({ listen, tcp, ingress }: GatewayConfig): PerListener<string> {
  return {
    outbound: listen.outbound,
    eastWest: listen.eastWest,
    ...Object.fromEntries([
      ...tcp.map((one, i) => [`tcp.${i}`, one.listen]),
      ...ingress.map((one, i) => [`ingress.${i}`, one.listen]),
    ]),
  };
}

/** What every worker is. */
export function workerOptionsOf(config: GatewayConfig): Omit<WorkerOptions, 'index'> {
  const { cluster, federation, gateway, region, zone, overload, exposeDecision } = config;
  return {
    cluster,
    gatewayId: gateway,
    federation,
    caller: { cluster, region, zone },
    limits: limitsOf(config),
    overload: { lagMs: overload.lag, heapPercent: overload.heap },
    exposeDecision,
    observes: { traced: config.tracing?.ratio, logged: config.log.access },
    edge: edgeSpecOf(config),
  };
}

/** What requests may take, of the whole gateway. */
export function limitsOf({ limits }: GatewayConfig): ProxyLimits {
  const { maxBodyBytes, maxHeadBytes, head, body, keepAlive, maxConnections } = limits;
  return {
    maxBodyBytes,
    maxHeadBytes,
    headMs: head,
    bodyMs: body,
    keepAliveMs: keepAlive,
    maxConnections,
  };
}

/** How services are carried: all of them, and those that have their own. */
export function settingsOf(config: GatewayConfig): Settings {
  const own = config.services.filter(({ balance, timeouts }) => balance ?? timeouts);
  return {
    policy: config.balance,
    timeouts: routeTimeouts(config.timeouts),
    services: new Map(
      own.map(({ name, namespace, balance, timeouts }) => [
        serviceName(namespace, name),
        {
          policy: balance ?? config.balance,
          timeouts: routeTimeouts(timeouts ?? config.timeouts),
        },
      ]),
    ),
    logLevel: config.log.level,
  };
}

function routeTimeouts(timeouts: GatewayConfig['timeouts']): RouteTimeouts {
  const { request, connect, perTry, idle } = timeouts;
  return { requestMs: request, connectMs: connect, perTryMs: perTry, idleMs: idle };
}
