/** Owns two clusters' data sides as a worker has them, linked over mTLS, that are told of services and policies as a control side would. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openAuthority } from '../../../../certs/authority.ts';
import { gatewayId, parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseClusterName, parseFederationName, parseServiceName } from '../../../../core/names.ts';
import { summarize } from '../../../../federation/exports.ts';
import { Ledger } from '../../../../gateway/data/observe/ledger.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { defaultLimits } from '../../../../gateway/data/request/limit.ts';
import { BucketTable } from '../../../../gateway/data/request/rate-limit/bucket-table.ts';
import { DataSide } from '../../../../gateway/data/worker/data-side.ts';
import { serviceFacts } from '../../../../gateway/data/worker/facts.ts';
import { Gauges, gaugeCount } from '../../../../gateway/data/worker/gauges.ts';
import type { TrustedRoots, WorkerOptions } from '../../../../gateway/data/worker/protocol.ts';
import { writeSheets } from '../../../../gateway/data/worker/sheet.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import { resourceOf } from '../../../../policy/record.ts';
import type { EndpointRecord, Protocol } from '../../../../registry/model.ts';
import type { NamedPort } from '../../../../registry/ports.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const federation = parseFederationName('acme');
type Context = Pick<ExecutionContext, 'teardown'>;

/** An endpoint of a service. */
interface Placed {
  readonly id: string;
  readonly port: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly protocol?: Protocol;
  readonly ports?: readonly NamedPort[];
}

/** Endpoints by service, `orders.shop`. */
type Services = Readonly<Record<string, readonly Placed[]>>;

export interface Sides {
  /** `http://127.0.0.1:<port>` of dc1's outbound listener. */
  readonly url: string;
  readonly recorder: Recorder;
  /** These are the services from now on, and there are no policies. `random`: what is drawn by. */
  tell(services: { readonly dc1: Services; readonly dc2?: Services }, random?: () => number): void;
  /** These are the Routes from now on, by name, in the namespace shop; and other policies beside them. */
  route(routes: Readonly<Record<string, object>>, besides?: readonly PolicyResource[]): void;
  /** These are the policies of dc2 from now on. */
  govern(policies: readonly PolicyResource[]): void;
  /** Puts these services of dc1 in the place of those that it had of their names, or beside them; policies stay. */
  change(services: Services): void;
  /** How often the Route of that name has decided so since it is there. */
  decided(name: string, outcome: string): number;
}

interface Made {
  readonly side: DataSide;
  readonly roots: TrustedRoots;
  readonly eastWest: string;
  readonly outbound: string;
  readonly recorder: Recorder;
}

export function routeResource(name: string, spec: object, at = 1): PolicyResource {
  const made = resourceOf('/key', {
    ...{ cluster: parseClusterName('dc1'), namespace: 'shop', kind: 'Route', name, by: 'ada', at },
    spec: { ...spec },
  });
  if (made === undefined) throw new Error('no Route');
  return made;
}

/** dc1, whose clients ask, and dc2, which it is linked to. */
export async function startSides(t: Context): Promise<Sides> {
  const draw = { random: Math.random };
  const here = await make(t, 'dc1', () => draw.random());
  const there = await make(t, 'dc2', () => draw.random());
  const trust = [here.roots, there.roots];
  const { trustDomain } = there.roots;
  const remote = {
    cluster: parseClusterName('dc2'),
    trustDomain,
    gateways: [{ private: [], public: [there.eastWest] }],
  };
  there.side.update({ informed: true, trust });
  here.side.update({ informed: true, trust, remotes: [remote] });
  await here.side.settle(30_000);
  let routes: readonly PolicyResource[] = [];
  let before = new Map<string, number>();
  const counts = () =>
    new Map(
      here.recorder
        .snapshot()
        .decided.map(({ policy, outcome, requests }) => [`${policy} ${outcome}`, requests]),
    );
  return {
    url: `http://${here.outbound}`,
    recorder: here.recorder,
    tell({ dc1, dc2 = {} }, random = Math.random) {
      draw.random = random;
      there.side.update({
        ...{ services: sheets('dc2', dc2, {}), isWhole: true },
        policies: { set: [], removed: [] },
      });
      here.side.update({
        services: sheets('dc1', dc1, dc2),
        isWhole: true,
        policies: { set: [], removed: [] },
      });
      routes = [];
    },
    route(specs, besides = []) {
      const removed = routes.map(({ name }) => name);
      const made = Object.entries(specs).map(([name, spec], i) => routeResource(name, spec, i));
      routes = [...made, ...besides];
      const kept = new Set(routes.map(({ name }) => name));
      here.side.update({
        policies: { set: routes, removed: removed.filter((name) => !kept.has(name)) },
      });
      before = counts();
    },
    govern(policies) {
      there.side.update({ policies: { set: policies, removed: [] } });
    },
    change(services) {
      here.side.update({ services: sheets('dc1', services, {}) });
    },
    decided(name, outcome) {
      const key = `Route/shop/${name} ${outcome}`;
      return (counts().get(key) ?? 0) - (before.get(key) ?? 0);
    },
  };
}

async function make(t: Context, name: string, random: () => number): Promise<Made> {
  const cluster = parseClusterName(name);
  const trustDomain = parseTrustDomain(`${name}.${federation}`);
  const dir = join(await tempDir(t), 'ca');
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock });
  const identity = await authority.issueLeaf({ id: gatewayId(trustDomain, 'gw1'), dnsNames: [] });
  const ledger = new Ledger();
  const slots = ledger.take(gaugeCount);
  const recorder = new Recorder(ledger, () => undefined, slots);
  const worker: WorkerOptions = {
    ...{ index: 0, cluster, gatewayId: 'gw1', federation, limits: defaultLimits, warmUpMs: 0 },
    caller: { cluster, region: 'here', zone: 'a' },
    overload: { lagMs: 0, heapPercent: 100 },
    exposeDecision: true,
    proxies: { addresses: [], fields: 'x-forwarded' },
    outboundProxyProtocol: false,
    eastWestProxyProtocol: false,
    observes: { traced: undefined, logged: 0 },
    sampledPerMinute: 0,
    principalsPerService: 0,
    edge: { tcp: [], ingress: [] },
  };
  const side = new DataSide({
    ...{ worker, identity, recorder, random, clock: systemClock, log: silentLog },
    credentials: [],
    observer: undefined,
    gauges: new Gauges(slots),
    buckets: new BucketTable(),
    onLink: () => undefined,
    onAlive: () => undefined,
    onUsed: () => undefined,
    onEjected: () => undefined,
  });
  t.teardown(() => side.close());
  const at = { kind: 'address', address: '127.0.0.1:0', shared: false } as const;
  const { outbound, eastWest } = await side.listen({ outbound: at, eastWest: at });
  const roots = authority.bundle().roots.map(({ raw }) => new Uint8Array(raw));
  return {
    ...{ side, recorder, outbound: outbound.address, eastWest: eastWest.address },
    roots: { trustDomain, sequence: 1, refreshHintSeconds: 3600, roots },
  };
}

function sheets(cluster: string, own: Services, others: Services) {
  const names = new Set([...Object.keys(own), ...Object.keys(others)]);
  return writeSheets(
    [...names].map((name) => {
      const [summary] = summarize(recordsOf('dc2', name, others[name] ?? []), 0);
      const exports = new Map(summary === undefined ? [] : [[summary.cluster, summary]]);
      const service = parseServiceName(name);
      return [service, serviceFacts(recordsOf(cluster, name, own[name] ?? []), exports)] as const;
    }),
  );
}

function recordsOf(cluster: string, name: string, placed: readonly Placed[]): EndpointRecord[] {
  return placed.map(({ id, port, labels = {}, protocol = 'http', ports = [] }) => ({
    ...{ id, port, labels, protocol, cluster: parseClusterName(cluster) },
    ...{ address: '127.0.0.1', region: 'here', zone: 'a', weight: 1, health: 'healthy' },
    ...{ service: parseServiceName(name), exported: true, gateway: 'gw1', ports: [...ports] },
  }));
}
