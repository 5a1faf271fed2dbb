/** Owns what `/metrics` answers: everything that a running gateway counts and knows, gathered when it is asked for. */
import { getHeapStatistics } from 'node:v8';
import type { ClusterName } from '../core/names.ts';
import type { Control } from './admin/control.ts';
import { policyOf } from './config/service.ts';
import type { Gateway } from './gateway.ts';
import { trustItems } from './peers/trust-view.ts';
import { balanceNumbers } from './telemetry/balance-numbers.ts';
import { type Exposition, expose } from './telemetry/exposition.ts';
import {
  type BundleNumbers,
  type CertificateNumbers,
  type LinkNumbers,
  type RegistryNumbers,
  type StateNumbers,
  stateMetrics,
  type ThreadNumbers,
} from './telemetry/state-metrics.ts';
import { ThreadLag } from './telemetry/thread-lag.ts';
import { trafficMetrics } from './telemetry/traffic-metrics.ts';

/** What other clusters were last heard to believe: a scrape waits for nobody outside. */
export interface LatestBeliefs {
  readonly latest: ReadonlyMap<ClusterName, ReadonlyMap<string, number> | undefined>;
}

export class Metrics {
  readonly #gateway: Gateway;
  readonly #control: Pick<Control, 'status'>;
  readonly #peers: LatestBeliefs;
  readonly #mainThread = new ThreadLag();

  constructor(gateway: Gateway, control: Pick<Control, 'status'>, peers: LatestBeliefs) {
    this.#gateway = gateway;
    this.#control = control;
    this.#peers = peers;
  }

  /** `accept` is the scraper's Accept field. */
  async read(accept: string | undefined): Promise<Exposition> {
    const { config, workers, observations } = this.#gateway;
    const state = await this.#state();
    const { exemplars } = observations;
    const traffic = trafficMetrics(workers.counters.snapshot(), config.cluster, exemplars);
    return expose([...stateMetrics(state), ...traffic], accept);
  }

  close(): void {
    this.#mainThread.close();
  }

  async #state(): Promise<StateNumbers> {
    const { version, ready, members, services } = this.#control.status();
    const { workers } = this.#gateway;
    const [links, balance, trust] = await Promise.all([
      workers.linkDetails(),
      this.#balance(),
      this.#trust(),
    ]);
    return {
      version,
      node: process.versions.node,
      isReady: ready,
      clusters: Math.max(1, members),
      services,
      links: links.map(
        ({ state, ...link }): LinkNumbers => ({
          ...link,
          isUp: state === 'up',
          rttMs: link.rttMs,
        }),
      ),
      balance,
      registry: this.#registry(),
      ...trust,
      effects: this.#effects(),
      threads: this.#threads(),
      workersReplaced: workers.status().reduce((sum, { restarts }) => sum + restarts, 0),
    };
  }

  async #balance(): Promise<StateNumbers['balance']> {
    const gateway = this.#gateway;
    const states = await gateway.workers.balancerStates();
    return [...states].flatMap(([service, state]) =>
      balanceNumbers(
        gateway.services.balanceView(service),
        gateway.caller,
        policyOf(gateway.config, service),
        state,
      ),
    );
  }

  #registry(): RegistryNumbers | undefined {
    const status = this.#gateway.membership.session?.client.status;
    return status && { ...status, isConnected: status.store.kind === 'connected' };
  }

  async #trust(): Promise<{ certificates: CertificateNumbers[]; bundles: BundleNumbers[] }> {
    const gateway = this.#gateway;
    const { clock, identity, ingressCertificates } = gateway;
    const items = await trustItems(gateway, { beliefs: async () => this.#peers.latest });
    const believed = items.filter((item) => item.believed);
    const expires = (kind: CertificateNumbers['kind'], name: string, notAfter: number) => ({
      ...{ kind, name },
      expiresInMs: notAfter - clock.now(),
    });
    const leaf = identity.leaf.current;
    return {
      certificates: [
        expires('leaf', leaf.id.uri, leaf.notAfter),
        ...believed.map(({ cluster, notAfter }) => expires('bundle', cluster, notAfter)),
        ...ingressCertificates.states.map((one) => expires('ingress', one.where, one.notAfter)),
      ],
      bundles: believed.map(({ cluster, sequence, acks }) => ({
        cluster,
        sequence,
        acknowledged: acks.filter((ack) => ack.sequence >= sequence).length,
      })),
    };
  }

  #effects(): StateNumbers['effects'] {
    const { shifts, faults, registryLost } = this.#gateway.effects;
    const shifted = (kind: 'withhold' | 'direct') =>
      shifts.filter((one) => one.kind === kind).length;
    return {
      withhold: shifted('withhold'),
      direct: shifted('direct'),
      fault: faults.length,
      lost: Number(registryLost !== undefined),
    };
  }

  #threads(): ThreadNumbers[] {
    const workers = this.#gateway.workers.status();
    const heap = getHeapStatistics();
    return [
      {
        thread: 'main',
        lagP99Ms: this.#mainThread.p99Ms(),
        heapBytes: heap.used_heap_size,
        heapLimitBytes: heap.heap_size_limit,
      },
      ...workers.map(({ worker, lagMs, heapBytes, heapLimitBytes, shedding }) => ({
        thread: `worker-${worker}`,
        lagP99Ms: lagMs,
        heapBytes,
        heapLimitBytes,
        isShedding: shedding,
      })),
    ];
  }
}
