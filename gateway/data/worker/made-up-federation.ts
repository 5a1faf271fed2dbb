/** Owns a federation made up for one worker to warm up in: two gateways' data sides linked to each other, and what is asked of them. */
import { X509Certificate } from 'node:crypto';
import type { LeafIdentity } from '../../../certs/authority.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { silentLog } from '../../../core/log.ts';
import {
  type ClusterName,
  parseClusterName,
  parseServiceName,
  type ServiceName,
  serviceHost,
} from '../../../core/names.ts';
import type { EndpointFacts, ExportFacts } from '../balance/view.ts';
import { Ledger } from '../observe/ledger.ts';
import { ObservedBatch } from '../observe/observed.ts';
import { Recorder } from '../observe/record.ts';
import { defaultLimits } from '../request/limit.ts';
import { BucketTable } from '../request/rate-limit/bucket-table.ts';
import type { Reading } from '../socket/accept.ts';
import { DataSide } from './data-side.ts';
import type { ServiceFacts } from './facts.ts';
import { Gauges, gaugeCount } from './gauges.ts';
import type { Bound } from './listeners.ts';
import { ask, MadeUpService } from './made-up-traffic.ts';
import { observerOf } from './observer.ts';
import type { TrustedRoots, WorkerOptions } from './protocol.ts';
import { writeSheets } from './sheet.ts';

const here = parseClusterName('here');
const there = parseClusterName('there');
/** Has an endpoint here. */
const own = parseServiceName('own.made-up');
/** Has an endpoint here that speaks HTTP/2: the other gateway. */
const overHttp2 = parseServiceName('over-http2.made-up');
/** Has one there. */
const far = parseServiceName('far.made-up');

/** Of each service, in one round: each has a connection of its own. */
const clients = 3;

/** Its links are up in a few milliseconds, or never. */
const settleMs = 1_000;

const loopback = { kind: 'address', address: '127.0.0.1:0', shared: false } as const;
const anywhere = { outbound: loopback, eastWest: loopback };

/**
 * Real data sides, at ports of loopback that nobody is told of: sockets and TLS are as much code to be run as what is ours. They share
 * nothing with the worker's own but the code, so nothing of them is counted, logged, traced or learnt.
 */
export class MadeUpFederation {
  readonly #service: MadeUpService;
  readonly #here: DataSide;
  readonly #there: DataSide;
  readonly #hosts: readonly string[];
  #port = 0;

  private constructor(
    service: MadeUpService,
    worker: WorkerOptions,
    identity: LeafIdentity,
    clock: Clock,
  ) {
    this.#service = service;
    this.#here = madeUpSide(here, worker, identity, clock);
    this.#there = madeUpSide(there, worker, identity, clock);
    this.#hosts = [own, overHttp2, far].map((name) => serviceHost(name, worker.federation));
  }

  /** Resolves once requests can be made. */
  static async open(
    worker: WorkerOptions,
    identity: LeafIdentity,
    clock: Clock,
    reading: Reading,
  ): Promise<MadeUpFederation> {
    const service = await MadeUpService.start(reading);
    const made = new MadeUpFederation(service, worker, identity, clock);
    try {
      await made.#connect(worker, identity);
      return made;
    } catch (thrown) {
      await made.close();
      throw thrown;
    }
  }

  /** Rejects where a request is not answered by 200. Those after it connect anew everywhere but over the link. */
  async round(): Promise<void> {
    const each = this.#hosts.flatMap((host) => Array<string>(clients).fill(host));
    await Promise.all(each.map((host) => ask(this.#port, host)));
    this.#service.hangUp();
  }

  async close(): Promise<void> {
    this.#service.close();
    await Promise.all([this.#here.close(), this.#there.close()]);
  }

  async #connect(worker: WorkerOptions, identity: LeafIdentity): Promise<void> {
    const endpoint = endpointIn(worker, this.#service.port);
    // Both show the same certificate.
    const trust = [ownRoot(identity)];
    this.#there.update({
      ...sheets([overHttp2, local(endpoint(there))], [far, local(endpoint(there))]),
      trust,
    });
    const { outbound, eastWest } = await this.#there.listen(anywhere);
    const gateway = { ...endpoint(here), port: portOf(outbound), protocol: 'http2' } as const;
    const { region, zone } = worker.caller;
    const summary: ExportFacts = {
      cluster: there,
      protocol: 'http',
      localities: [{ region, zone, total: 1, healthy: 1, degraded: 0 }],
    };
    const { trustDomain } = identity.id;
    this.#here.update({
      ...sheets(
        [own, local(endpoint(here))],
        [overHttp2, local(gateway)],
        [far, { endpoints: [], exports: new Map([[there, summary]]) }],
      ),
      remotes: [
        { cluster: there, trustDomain, gateways: [{ private: [], public: [eastWest.address] }] },
      ],
      trust,
    });
    this.#port = portOf((await this.#here.listen(anywhere)).outbound);
    await this.#here.settle(settleMs);
  }
}

/** As this worker is, but for what would have it take less than is asked of it here. It counts, logs and tells for nobody. */
function madeUpSide(
  cluster: ClusterName,
  worker: WorkerOptions,
  identity: LeafIdentity,
  clock: Clock,
): DataSide {
  const madeUp: WorkerOptions = {
    ...worker,
    cluster,
    caller: { ...worker.caller, cluster },
    limits: defaultLimits,
    outboundProxyProtocol: false,
    eastWestProxyProtocol: false,
    edge: { tcp: [], ingress: [] },
  };
  const toNobody = () => undefined;
  const ledger = new Ledger();
  const gaugeSlots = ledger.take(gaugeCount);
  return new DataSide({
    worker: madeUp,
    identity,
    credentials: [],
    recorder: new Recorder(ledger, toNobody, gaugeSlots),
    observer: observerOf(madeUp, new ObservedBatch(clock, toNobody)),
    gauges: new Gauges(gaugeSlots),
    buckets: new BucketTable(),
    clock,
    random: Math.random,
    log: silentLog,
    onLink: toNobody,
    onAlive: toNobody,
    onUsed: toNobody,
    onEjected: toNobody,
  });
}

function endpointIn({ caller: { region, zone } }: WorkerOptions, port: number) {
  return (cluster: ClusterName): EndpointFacts => ({
    cluster,
    id: 'made-up',
    address: '127.0.0.1',
    port,
    region,
    zone,
    weight: 1,
    protocol: 'http',
    health: 'healthy',
    exported: true,
  });
}

function local(endpoint: EndpointFacts): ServiceFacts {
  return { endpoints: [endpoint], exports: new Map() };
}

function sheets(...services: (readonly [ServiceName, ServiceFacts])[]) {
  return { services: writeSheets(services), informed: true };
}

function ownRoot({ id, certPem, chainPem }: LeafIdentity): TrustedRoots {
  const root = new X509Certificate(chainPem.slice(certPem.length));
  return { trustDomain: id.trustDomain, sequence: 1, refreshHintSeconds: 3600, roots: [root.raw] };
}

function portOf({ address }: Bound): number {
  return parseAddress(address).port;
}
