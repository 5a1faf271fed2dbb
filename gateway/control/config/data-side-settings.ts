/** Owns what a configuration says to the data side: who it is, where it listens, and how much is taken. */
import type { TrustedProxiesSpec } from '../../data/message/trusted-proxies.ts';
import type { ProxyLimits } from '../../data/request/limit.ts';
import type { PerListener } from '../../data/worker/listeners.ts';
import type { WorkerOptions } from '../../data/worker/protocol.ts';
import type { GatewayConfig } from './config.ts';
import { edgeSpecOf } from './edge-spec.ts';

/** The addresses of the data side's listeners. */
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

/** The options that all workers share. */
export function workerOptionsOf(config: GatewayConfig): Omit<WorkerOptions, 'index'> {
  const { cluster, federation, gateway, region, zone, overload, exposeDecision } = config;
  return {
    cluster,
    gatewayId: gateway,
    federation,
    caller: { cluster, region, zone },
    limits: limitsOf(config),
    warmUpMs: config.warmUp,
    overload: { lagMs: overload.lag, heapPercent: overload.heap },
    exposeDecision,
    proxies: proxiesOf(config),
    outboundProxyProtocol: config.listen.outboundProxyProtocol,
    eastWestProxyProtocol: config.listen.eastWestProxyProtocol,
    observes: { traced: config.tracing?.ratio, logged: config.log.access },
    sampledPerMinute: config.sampling.perMinute,
    principalsPerService: config.metrics.principalsPerService,
    edge: edgeSpecOf(config),
  };
}

/** The proxies whose word about their clients is taken. */
export function proxiesOf(config: GatewayConfig): TrustedProxiesSpec {
  return { addresses: config.trustedProxies, fields: config.trustedFields };
}

/** The limits on requests, of the whole gateway. */
export function limitsOf({ limits }: GatewayConfig): ProxyLimits {
  const { head, body, keepAlive, ...same } = limits;
  return { ...same, headMs: head, bodyMs: body, keepAliveMs: keepAlive };
}
