/** Owns the scene of data path tests: real gateways with real certificates, real origins, on free ports. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Authority, type LeafIdentity, openAuthority } from '../../../../certs/authority.ts';
import type { ServerTrust } from '../../../../certs/server-trust.ts';
import { gatewayId, parseTrustDomain, type TrustDomain } from '../../../../certs/spiffe-id.ts';
import { TrustStore } from '../../../../certs/trust-store.ts';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import {
  type ClusterName,
  parseClusterName,
  parseFederationName,
  parseServiceName,
} from '../../../../core/names.ts';
import { freePorts } from '../../../../examples/demo/processes.ts';
import { createServiceBalancer } from '../../../../gateway/data/balance/balancer.ts';
import type { EndpointView, RemoteCluster } from '../../../../gateway/data/balance/types.ts';
import { mutualTlsDial } from '../../../../gateway/data/link/dial.ts';
import type { LinkTiming } from '../../../../gateway/data/link/link.ts';
import { Links } from '../../../../gateway/data/link/links.ts';
import type { Resolve } from '../../../../gateway/data/link/places.ts';
import {
  type EastWestListener,
  startEastWestListener,
} from '../../../../gateway/data/listen/east-west-listener.ts';
import type { Listener } from '../../../../gateway/data/listen/listen.ts';
import { startOutboundListener } from '../../../../gateway/data/listen/outbound-listener.ts';
import {
  TrustedProxies,
  type TrustedProxiesSpec,
} from '../../../../gateway/data/message/trusted-proxies.ts';
import { Observer, type ObserverOptions } from '../../../../gateway/data/observe/observer.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { KeyRings } from '../../../../gateway/data/request/authenticate/key-rings.ts';
import {
  defaultLimits,
  type ProxyLimits,
  responseLimits,
} from '../../../../gateway/data/request/limit.ts';
import { createProxy, type GatewayProxy } from '../../../../gateway/data/request/proxy.ts';
import { governedBy } from '../../../../gateway/data/request/route/governed.ts';
import { RouteTable } from '../../../../gateway/data/request/route/route-table.ts';
import type { Reading } from '../../../../gateway/data/socket/accept.ts';
import { createEndpointTransport } from '../../../../gateway/data/upstream/endpoint-transport.ts';
import { NameResolver } from '../../../../gateway/data/upstream/resolve.ts';
import {
  type EndpointTrust,
  SecureTransports,
} from '../../../../gateway/data/upstream/secure-transports.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';

import {
  type BalancePolicy,
  defaultBalance,
  defaultTimeouts,
  type Timeouts,
} from '../../../../policy/traffic-policy.ts';
import type { Protocol } from '../../../../registry/model.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const federation = parseFederationName('acme');
type Context = Pick<ExecutionContext, 'teardown'>;

export interface Origin {
  readonly id: string;
  readonly port: number;
  readonly server: Server;
  /** Requests whose head has arrived. */
  readonly requests: IncomingMessage[];
}

/** A real HTTP server, closed with the test. By default it answers with its id. */
export async function startOrigin(
  t: Context,
  id: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    void response.end(id),
): Promise<Origin> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { id, port: (server.address() as AddressInfo).port, server, requests };
}

/** The same over HTTP/2 in clear text: a server of gRPC where it answers as one. */
export async function startHttp2Origin(
  t: Context,
  id: string,
  answer: (stream: ServerHttp2Stream, fields: IncomingHttpHeaders) => void,
): Promise<{ readonly id: string; readonly port: number }> {
  const server = createHttp2Server();
  server.on('stream', answer);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return { id, port: (server.address() as AddressInfo).port };
}

/** An origin that answers `half`, announced as 1000 octets where `/length` is asked for, and no more until `breakOff`. */
export async function startHalfAnswer(
  t: Context,
): Promise<{ readonly origin: Origin; breakOff(): void }> {
  let answered: ServerResponse | undefined;
  const origin = await startOrigin(t, 'breaks', (incoming, response) => {
    if (incoming.url === '/length') response.setHeader('content-length', '1000');
    response.write('half');
    answered = response;
  });
  return { origin, breakOff: () => void answered?.destroy() };
}

/** A port on which nobody listens, nor will: who asks for any port gets another. */
export async function closedPort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

export interface ServiceSpec {
  /** `orders.shop` */
  readonly name: string;
  readonly endpoints?: readonly {
    readonly id: string;
    readonly port: number;
    /** Default `a`. */
    readonly zone?: string;
    /** Default 1. */
    readonly weight?: number;
  }[];
  /** Other clusters that export it, with so many healthy copies each. */
  readonly elsewhere?: Readonly<Record<string, number>>;
  readonly exported?: boolean;
  /** The name by which others know it; default its own. */
  readonly exportedAs?: string;
  /** The only clusters that may use it; default all. */
  readonly exportedTo?: readonly string[];
  /** What its endpoints speak; default `http`. */
  readonly protocol?: Protocol;
  /** Whom to trust at its endpoints; default they are spoken to in clear text. */
  readonly tls?: ServerTrust;
  readonly timeouts?: Partial<Timeouts>;
  readonly policy?: Partial<BalancePolicy>;
  /** Written policies that hold for its requests; default none. */
  readonly policies?: readonly PolicyResource[];
}

export interface GatewaySpec {
  readonly cluster: string;
  readonly services?: readonly ServiceSpec[];
  readonly limits?: Partial<ProxyLimits>;
  readonly exposeDecision?: boolean;
  /** Whose word about their clients is taken; default nobody's. */
  readonly proxies?: TrustedProxiesSpec;
  /** Whether only they connect to its listeners, by PROXY protocol; default false. */
  readonly proxyProtocol?: boolean;
  readonly timing?: Partial<LinkTiming>;
  /** What advertised names lead to; default as the system says. */
  readonly resolve?: Resolve;
  /** How the outbound listener reads; default as a gateway does. */
  readonly reading?: Reading;
  /** How requests are looked at; default not at all. */
  readonly observes?: Pick<ObserverOptions, 'traced' | 'logged' | 'told'>;
}

export interface Gateway {
  readonly cluster: ClusterName;
  readonly domain: TrustDomain;
  readonly authority: Authority;
  readonly trust: TrustStore;
  readonly proxy: GatewayProxy;
  readonly keyRings: KeyRings;
  readonly routes: RouteTable;
  readonly links: Links;
  readonly outbound: Listener;
  readonly eastWest: EastWestListener;
  /** `http://127.0.0.1:<port>` of the outbound listener. */
  readonly url: string;
  /** Issues a new certificate and proves itself by it from then on, as a rotation does. */
  renew(): Promise<void>;
  /** Trusts others at a service's endpoints from now on. */
  trustEndpoints(name: string, trust: EndpointTrust | undefined): void;
  /** Trusts another gateway's cluster and links to it, at `addresses` or its own, where it is not reached at those of their network. */
  join(other: Gateway, addresses?: readonly string[], privately?: readonly string[]): void;
}

export async function startGateway(t: Context, spec: GatewaySpec): Promise<Gateway> {
  const cluster = parseClusterName(spec.cluster);
  const domain = parseTrustDomain(`${cluster}.${federation}`);
  const authority = await openAuthority({
    dir: join(await tempDir(t), 'ca'),
    trustDomain: domain,
    clock: systemClock,
  });
  const issue = () => authority.issueLeaf({ id: gatewayId(domain, 'gw1'), dnsNames: [] });
  let identity: LeafIdentity = await issue();
  const trust = new TrustStore();
  const common = { clock: systemClock, random: Math.random, log: silentLog };
  const limits = { ...defaultLimits, ...spec.limits };
  const names = new NameResolver(common);
  const links = new Links({
    ...common,
    dial: mutualTlsDial({ identity: () => identity, trust, clock: systemClock }),
    resolve: spec.resolve ?? ((host) => names.resolve(host)),
    isCut: (name) => proxy.faults.isCut(name),
    timing: spec.timing,
    heads: responseLimits(limits),
  });
  const endpoints = createEndpointTransport(names, responseLimits(limits));
  const renamed = new Map(
    (spec.services ?? []).flatMap(({ name, exportedAs }) =>
      exportedAs === undefined ? [] : [[exportedAs, parseServiceName(name)] as const],
    ),
  );
  const routes = new RouteTable(federation, { exportedAs: (name) => renamed.get(name) });
  const recorder = new Recorder();
  const secure = new SecureTransports(names, responseLimits(limits));
  const trustEndpoints: Gateway['trustEndpoints'] = (name, trust) => {
    const service = parseServiceName(name);
    secure.take({ service, trust });
    const route = routes.get(service);
    if (route) routes.set({ ...route, secure: secure.of(service) });
  };
  for (const service of spec.services ?? []) {
    addRoute(t, routes, links, cluster, service, recorder);
    if (service.tls) trustEndpoints(service.name, { kind: 'trust', ...service.tls });
  }
  const keyRings = new KeyRings();
  const proxy = createProxy({
    keyRings,
    ...common,
    cluster,
    gatewayId: 'gw1',
    federation,
    routes,
    links,
    endpoints,
    limits: spec.limits,
    recorder,
    exposeDecision: spec.exposeDecision,
    proxies: spec.proxies && new TrustedProxies(spec.proxies),
    observer: spec.observes && new Observer({ ...common, ...spec.observes, cluster, federation }),
  });
  links.onChange((name, { state }) => proxy.faults.linkChanged(name, state));
  const place = { host: '127.0.0.1', port: 0 };
  const outbound = await startOutboundListener({
    ...common,
    place,
    proxy,
    reading: spec.reading,
    proxyProtocol: spec.proxyProtocol,
  });
  const eastWest = await startEastWestListener({
    ...common,
    place,
    proxy,
    identity: () => identity,
    trust,
    onGateway: (name) => links.heard(name),
    proxyProtocol: spec.proxyProtocol,
  });
  t.teardown(async () => {
    links.close();
    await Promise.all([outbound.close(), eastWest.close()]);
    endpoints.close();
    secure.close();
    proxy.close();
  });
  const remotes = new Map<ClusterName, Parameters<Links['update']>[0][number]>();
  return {
    cluster,
    domain,
    authority,
    trust,
    proxy,
    keyRings,
    routes,
    links,
    outbound,
    eastWest,
    url: `http://${outbound.address}`,
    trustEndpoints,
    async renew() {
      identity = await issue();
      eastWest.updateIdentity();
      links.refresh();
    },
    join(other, addresses = [other.eastWest.address], privately = []) {
      trust.set(other.authority.bundle());
      remotes.set(other.cluster, {
        cluster: other.cluster,
        trustDomain: other.domain,
        gateways: [{ private: privately, public: addresses }],
      });
      links.update([...remotes.values()]);
    },
  };
}

/** Both trust each other; `from` links to `to`. */
export function connect(
  from: Gateway,
  to: Gateway,
  addresses?: readonly string[],
  privately?: readonly string[],
): void {
  to.trust.set(from.authority.bundle());
  from.join(to, addresses, privately);
}

function addRoute(
  t: Context,
  routes: RouteTable,
  links: Links,
  cluster: ClusterName,
  spec: ServiceSpec,
  recorder: Recorder,
): void {
  const service = parseServiceName(spec.name);
  const caller = { cluster, region: 'here', zone: 'a' };
  const balancer = createServiceBalancer({
    service,
    caller,
    clock: systemClock,
    random: Math.random,
    onShut: (...shut) => recorder.shut(...shut),
  });
  t.teardown(() => balancer.close());
  const update = () => balancer.update(viewOf(spec, cluster, links), policy);
  const policy = { ...defaultBalance, ...spec.policy };
  update();
  links.onChange(update);
  routes.set({
    service,
    balancer,
    policy: { balance: policy, timeouts: { ...defaultTimeouts, ...spec.timeouts } },
    protocol: spec.protocol ?? 'http',
    exported: spec.exported ?? true,
    isRenamed: spec.exportedAs !== undefined,
    exportedTo: spec.exportedTo?.map(parseClusterName),
    governed: governedBy(spec.policies ?? [], undefined),
  });
}

/** Has a gateway's service go by other policies from now on, as an update of a worker does. */
export function govern(gateway: Gateway, name: string, policies: readonly PolicyResource[]): void {
  const route = gateway.routes.get(parseServiceName(name));
  if (route === undefined) throw new Error(`${gateway.cluster} has no route for ${name}`);
  gateway.routes.set({ ...route, governed: governedBy(policies, route.governed) });
  gateway.proxy.review((service) => gateway.routes.get(service));
}

function viewOf(spec: ServiceSpec, cluster: ClusterName, links: Links) {
  const all = spec.endpoints ?? [];
  const endpoints: EndpointView[] = all.map(({ id, port, zone, weight }) => ({
    id,
    zone: zone ?? 'a',
    address: '127.0.0.1',
    port,
    twins: all.filter((one) => one.port === port && one.id !== id).map((one) => one.id),
    weight: weight ?? 1,
    health: 'healthy',
    protocol: spec.protocol ?? 'http',
    ejected: undefined,
  }));
  const here = { region: 'here', zone: 'a', degraded: 0, excluded: 0 };
  const remotes = new Map<ClusterName, RemoteCluster>();
  const groups = [...Map.groupBy(endpoints, ({ zone }) => zone)].map(([zone, ofZone]) => {
    const used = ofZone.filter((endpoint) => endpoint.weight > 0).length;
    return {
      ...{ ...here, cluster, zone },
      total: ofZone.length,
      healthy: used,
      excluded: ofZone.length - used,
      endpoints: ofZone,
    };
  });
  const elsewhere = Object.entries(spec.elsewhere ?? {}).map(([name, healthy]) => {
    const remote = parseClusterName(name);
    const { state: link, rttMs } = links.state(remote);
    remotes.set(remote, {
      cluster: remote,
      region: name,
      link,
      rttMs,
      ejected: undefined,
      stale: false,
    });
    return { ...here, region: name, cluster: remote, total: healthy, healthy };
  });
  return { service: parseServiceName(spec.name), groups: [...groups, ...elsewhere], remotes };
}
