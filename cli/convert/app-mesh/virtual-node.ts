/** Owns what a virtual node of App Mesh says, as the TrafficPolicy and the ServiceDefaults of a service of its name. */

import { type Drafts, labelOf } from '../drafts.ts';
import { ofMs } from '../durations.ts';
import type { Field, Reasons } from '../field.ts';
import { durationAt } from './duration-at.ts';

const duration = 'duration up to 24h';
const tls =
  'what goes between clusters is under mutual TLS by itself, with identities of Isthmus; where the program itself speaks TLS, say tls of its ServiceDefaults';

export const virtualNodeReasons: Reasons = {
  'listeners.tls': tls,
  'spec.backends':
    'whom a program may ask is said where it is asked: by Authorization of each service',
  'spec.backendDefaults': tls,
  'spec.logging': 'the access log is a key of the configuration',
};

export function convertVirtualNode(
  node: Field,
  nodeName: string,
  namespace: string,
  drafts: Drafts,
): void {
  const name = labelOf(nodeName);
  const place = { namespace, service: name };
  const spec = node.at('spec');
  const [listener, ...more] = spec?.list('listeners') ?? [];
  for (const one of more)
    one.leave('a service has one kind of endpoints: make one for each listener');
  if (listener) {
    protocolOf(listener, namespace, name, drafts);
    checkOf(listener.at('healthCheck'), namespace, name, drafts);
    const outlier = outlierOf(listener.at('outlierDetection'));
    if (outlier) drafts.balanceOf(place, listener)['outlier'] = outlier;
    const breakers = breakersOf(listener.at('connectionPool'));
    if (breakers) drafts.balanceOf(place, listener)['breakers'] = breakers;
    const timeouts = timeoutsOf(listener.at('timeout'));
    if (Object.keys(timeouts).length > 0) {
      Object.assign(drafts.timeoutsOf(place, listener), timeouts);
    }
  }
  discoveryOf(spec?.at('serviceDiscovery'), `${name}.${namespace}`);
}

function protocolOf(listener: Field, namespace: string, name: string, drafts: Drafts): void {
  const mapping = listener.at('portMapping');
  const protocol = mapping?.text('protocol');
  if (protocol !== undefined) drafts.defaultsOf(namespace, name, listener)['protocol'] = protocol;
  mapping?.number('port');
  mapping
    ?.at('port')
    ?.differs('each endpoint of a service has the port that it is registered with');
}

function checkOf(from: Field | undefined, namespace: string, name: string, drafts: Drafts): void {
  if (from === undefined) return;
  const [protocol, path] = [from.text('protocol'), from.text('path') ?? '/'];
  const probe =
    protocol === 'tcp'
      ? { tcp: true }
      : protocol === 'grpc'
        ? { grpc: {} }
        : { http: { path, ...(protocol === 'http2' && { version: 2 }) } };
  const ms = (value: unknown) => (typeof value === 'number' ? ofMs(value) : undefined);
  if (from.number('port') !== undefined) {
    from.at('port')?.differs('an endpoint is checked at the port that it is registered with');
  }
  drafts.defaultsOf(namespace, name, from)['check'] = {
    ...probe,
    interval: from.read('intervalMillis', duration, ms),
    timeout: from.read('timeoutMillis', duration, ms),
    rise: from.number('healthyThreshold'),
    fall: from.number('unhealthyThreshold'),
  };
}

/** App Mesh has Envoy count 5xx in a row alone. */
function outlierOf(from: Field | undefined): object | undefined {
  if (from === undefined) return undefined;
  return {
    consecutive5xx: from.number('maxServerErrors'),
    consecutiveGatewayFailure: 0,
    enforcingSuccessRate: 0,
    enforcingFailurePercentage: 0,
    interval: durationAt(from, 'interval'),
    baseEjection: durationAt(from, 'baseEjectionDuration'),
    maxEjectedPercent: from.number('maxEjectionPercent'),
  };
}

/** Of one protocol: `http`, `http2`, `grpc` or `tcp`. */
function breakersOf(from: Field | undefined): object | undefined {
  const [of] = from?.fields ?? [];
  if (of === undefined) return undefined;
  return {
    maxConnections: of.number('maxConnections'),
    maxPending: of.number('maxPendingRequests'),
    maxRequests: of.number('maxRequests'),
  };
}

function timeoutsOf(from: Field | undefined): Record<string, string> {
  const said: Record<string, string> = {};
  for (const of of from?.fields ?? []) {
    const request = durationAt(of, 'perRequest');
    const idle = durationAt(of, 'idle');
    if (request !== undefined) said['request'] = request;
    // Of HTTP it is a connection's rest between requests.
    if (idle !== undefined) said[of.key === 'tcp' ? 'idle' : 'rest'] = idle;
  }
  return said;
}

function discoveryOf(from: Field | undefined, service: string): void {
  const [dns, map] = [from?.at('dns'), from?.at('awsCloudMap')];
  for (const key of ['hostname', 'responseType', 'ipPreference']) dns?.text(key);
  for (const key of ['namespaceName', 'serviceName', 'ipPreference']) map?.text(key);
  for (const attribute of map?.list('attributes') ?? []) {
    for (const key of ['key', 'value']) attribute.text(key);
  }
  (dns ?? map)?.differs(
    `endpoints are those that are registered: \`isthmus register ${service}\`, or \`endpoints\` of the configuration`,
  );
}
