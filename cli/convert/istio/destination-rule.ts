/** Owns what a DestinationRule of Istio says of a service, as its TrafficPolicy and as TLS of its ServiceDefaults. */
import type { Drafts, ServicePlace } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import { type Hosts, hostOf } from './hosts.ts';

const ownService = 'a subset has no policy of its own: make it a service, and lead the Route there';

export const destinationRuleReasons: Reasons = {
  'spec.exportTo':
    'a TrafficPolicy holds for all clients of the cluster, or for those of one: target.client',
  'spec.workloadSelector': 'a TrafficPolicy holds for all clients of the cluster',
  'subsets.trafficPolicy': ownService,
  'trafficPolicy.portLevelSettings':
    'a TrafficPolicy is for all endpoints of a service: make one service for each port',
  'trafficPolicy.tunnel': 'an Egress reaches outside hosts by CONNECT',
  'trafficPolicy.proxyProtocol': 'endpoints are not told by the PROXY protocol',
  'loadBalancer.localityLbSetting':
    'the own zone, region and cluster come first by themselves: balance.order, clusterOrder and clusterWeights say else',
  'localityLbSetting.enabled': 'the own zone, region and cluster come first by themselves',
  'http.maxRequestsPerConnection': 'connections end when they have rested: timeouts.rest',
  'http.h2UpgradePolicy': 'the protocol of a service says it: protocol of its ServiceDefaults',
  'http.useClientProtocol': 'the protocol of a service says it: protocol of its ServiceDefaults',
  'http.maxConcurrentStreams': 'requests under way are limited: balance.breakers.maxRequests',
  'tcp.tcpKeepalive': 'connections are kept alive by the settings of the system',
  'tcp.maxConnectionDuration': 'connections end when they have rested: timeouts.rest',
  'tcp.idleTimeout': 'timeouts.idle is of all that crosses a gateway without a byte',
  'outlierDetection.minHealthPercent':
    'balance.panicThreshold says when ejections and health are disregarded',
  'tls.credentialName': 'name files on each gateway: clientCertificate of tls in ServiceDefaults',
  'tls.caCrl': 'lists of revoked certificates are not read',
  'tls.insecureSkipVerify':
    'a certificate is always verified: name its authority in caCertificates',
};

export function convertDestinationRule(
  document: Field,
  namespace: string,
  hosts: Hosts,
  drafts: Drafts,
): void {
  const spec = document.at('spec');
  const host = spec?.text('host');
  if (spec === undefined || host === undefined) {
    document.leave('it has no host');
    return;
  }
  for (const subset of spec.list('subsets')) {
    const name = subset.text('name') ?? '';
    subset.at('labels')?.take();
    if (!hosts.isUsed(host, namespace, name)) {
      subset.differs(
        'no VirtualService here leads to it, and nothing but a Route names its labels',
      );
    }
  }
  const place = placeOf(host, namespace, hosts);
  const policy = spec.at('trafficPolicy');
  if (place === undefined) {
    spec
      .at('host')
      ?.leave(
        'it is no service of Kubernetes, and no ServiceEntry here is of it: give it in the same call',
      );
    return;
  }
  if (policy) {
    balancerOf(policy.at('loadBalancer'), place, drafts);
    outlierOf(policy.at('outlierDetection'), place, drafts);
    connectionsOf(policy.at('connectionPool'), place, drafts);
    tlsOf(policy.at('tls'), host, place, drafts);
  }
  spec.leaveRest();
}

/** Labels of subsets, which VirtualServices lead to. */
export function noteSubsets(document: Field, namespace: string, hosts: Hosts): void {
  const host = document.down('spec', 'host')?.value;
  if (typeof host !== 'string') return;
  for (const subset of document.at('spec')?.list('subsets') ?? []) {
    const name = subset.at('name')?.value;
    const labels = subset.at('labels');
    if (typeof name !== 'string' || labels === undefined) continue;
    const texts = labels.fields.map(({ key, value }) => [key, String(value)]);
    hosts.addSubset(host, namespace, name, Object.fromEntries(texts));
  }
}

function placeOf(host: string, namespace: string, hosts: Hosts): ServicePlace | undefined {
  const found = hostOf(host, namespace);
  const outside = hosts.outside(host);
  if (outside) return { namespace: outside.namespace, service: outside.name };
  if (found.of === 'outside') return undefined;
  return found.of === 'namespace' ? { namespace: found.namespace } : found;
}

const algorithms: Readonly<Record<string, string>> = {
  LEAST_REQUEST: 'least-request',
  LEAST_CONN: 'least-request',
  ROUND_ROBIN: 'round-robin',
  RANDOM: 'random',
};

function balancerOf(from: Field | undefined, place: ServicePlace, drafts: Drafts): void {
  if (from === undefined) return;
  const balance = () => drafts.balanceOf(place, from);
  const simple = from.text('simple');
  if (simple !== undefined && Object.hasOwn(algorithms, simple)) {
    balance()['algorithm'] = algorithms[simple];
  } else if (simple !== undefined && simple !== 'UNSPECIFIED') {
    from.at('simple')?.leave('use one of LEAST_REQUEST, ROUND_ROBIN and RANDOM');
  }
  const warmup = from.at('warmup');
  const window = from.duration('warmupDurationSecs') ?? warmup?.duration('duration');
  if (window !== undefined) {
    balance()['slowStart'] = {
      window,
      aggression: warmup?.number('aggression'),
      minWeightPercent: warmup?.number('minimumPercent'),
    };
  }
  const hash = from.at('consistentHash');
  if (hash) Object.assign(balance(), hashOf(hash));
}

function hashOf(from: Field): Record<string, unknown> {
  const header = from.text('httpHeaderName');
  const query = from.text('httpQueryParameterName');
  const cookie = from.at('httpCookie');
  const source = from.flag('useSourceIp');
  const minimum = from.at('ringHash')?.number('minimumRingSize') ?? from.number('minimumRingSize');
  const tableSize = from.at('maglev')?.number('tableSize');
  from.at('maglev')?.take();
  from.at('ringHash')?.take();
  const algorithm = from.at('maglev') ? 'maglev' : 'ring-hash';
  const sizes = {
    ...(minimum !== undefined && { ringHash: { minimumRingSize: minimum } }),
    ...(tableSize !== undefined && { maglev: { tableSize } }),
  };
  if (cookie) {
    const [name, ttl, path] = [cookie.text('name'), cookie.duration('ttl'), cookie.text('path')];
    // Where it has a lifetime, Envoy makes the cookie itself: that is an affinity here.
    if (ttl !== undefined) return { affinity: { cookie: { name, ttl, path } } };
    return { algorithm, hash: { cookie: name }, ...sizes };
  }
  if (header !== undefined) return { algorithm, hash: { header }, ...sizes };
  if (query !== undefined) return { algorithm, hash: { query }, ...sizes };
  if (source) return { algorithm, hash: 'source', ...sizes };
  from.leave('it does not say what is hashed');
  return {};
}

/** Istio has Envoy count failures in a row alone, and by default eject 10 % at most. */
function outlierOf(from: Field | undefined, place: ServicePlace, drafts: Drafts): void {
  if (from === undefined) return;
  drafts.balanceOf(place, from)['outlier'] = {
    consecutive5xx: from.number('consecutive5xxErrors') ?? from.number('consecutiveErrors') ?? 5,
    consecutiveGatewayFailure: from.number('consecutiveGatewayErrors') ?? 0,
    consecutiveLocalOriginFailure: from.number('consecutiveLocalOriginFailures'),
    splitExternalLocalOriginErrors: from.flag('splitExternalLocalOriginErrors'),
    interval: from.duration('interval') ?? '10s',
    baseEjection: from.duration('baseEjectionTime') ?? '30s',
    maxEjectedPercent: from.number('maxEjectionPercent') ?? 10,
    enforcingSuccessRate: 0,
    enforcingFailurePercentage: 0,
  };
}

function connectionsOf(from: Field | undefined, place: ServicePlace, drafts: Drafts): void {
  if (from === undefined) return;
  const [tcp, http] = [from.at('tcp'), from.at('http')];
  const breakers = {
    maxConnections: tcp?.number('maxConnections'),
    maxPending: http?.number('http1MaxPendingRequests'),
    maxRequests: http?.number('http2MaxRequests'),
    maxRetries: http?.number('maxRetries'),
  };
  if (Object.values(breakers).some((one) => one !== undefined)) {
    drafts.balanceOf(place, from)['breakers'] = breakers;
  }
  const connect = tcp?.duration('connectTimeout');
  const rest = http?.duration('idleTimeout');
  if (connect !== undefined) drafts.timeoutsOf(place, from)['connect'] = connect;
  if (rest !== undefined) drafts.timeoutsOf(place, from)['rest'] = rest;
}

function tlsOf(
  from: Field | undefined,
  host: string,
  { namespace, service }: ServicePlace,
  drafts: Drafts,
): void {
  const mode = from?.text('mode');
  if (from === undefined || mode === undefined || mode === 'DISABLE') return;
  if (mode === 'ISTIO_MUTUAL') {
    from
      .at('mode')
      ?.differs(
        "what goes between clusters is under mutual TLS by itself; endpoints are spoken to in the clear, unless tls of their service's ServiceDefaults says else",
      );
    return;
  }
  if (service === undefined) {
    from.leave('say it of each service: tls of ServiceDefaults');
    return;
  }
  const [certFile, keyFile] = [from.text('clientCertificate'), from.text('privateKey')];
  const hostname = from.text('sni');
  if (hostname === undefined) from.differs(`without sni the server name is ${host}`);
  const of = drafts.egressOf(namespace, service) ?? drafts.defaultsOf(namespace, service, from);
  of['tls'] = {
    hostname: hostname ?? host,
    caCertificates: from.text('caCertificates'),
    subjectAltNames: from.texts('subjectAltNames'),
    ...(certFile !== undefined &&
      keyFile !== undefined && {
        clientCertificate: { certFile, keyFile },
      }),
  };
}
