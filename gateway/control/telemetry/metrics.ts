/** Owns what `/metrics` answers: everything that a running gateway counts and knows, gathered when it is asked for. */

import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../../core/clock.ts';
import type { Policies } from '../../../policy/effective.ts';
import type { Caller } from '../../data/balance/types.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { KnownServices } from '../catalog/known-services.ts';
import type { IngressCertificates } from '../certificates/ingress-certificates.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Effects } from '../drills/effects.ts';
import type { BundleEndpoint } from '../foreign/bundle-endpoint.ts';
import type { ForeignBundles } from '../foreign/foreign-bundles.ts';
import type { Membership } from '../membership/membership.ts';
import type { TokenRefusals } from '../membership/token-refusals.ts';
import type { WrittenPolicies } from '../policies/written-policies.ts';
import { type BelievingParts, bundleStandings } from '../trust/standings.ts';
import type { Verifier } from '../verify/verifier.ts';
import type { Workers } from '../workers/workers.ts';
import { auditMetrics } from './audit-metrics.ts';
import { balanceNumbers } from './balance-numbers.ts';
import { type Exposition, expose } from './exposition.ts';
import { foreignMetrics } from './foreign-metrics.ts';
import type { Observations } from './observations.ts';
import { refusalMetrics } from './refusal-metrics.ts';
import {
  type BundleNumbers,
  type CertificateNumbers,
  type LinkNumbers,
  type RegistryNumbers,
  type StateNumbers,
  stateMetrics,
  type ThreadNumbers,
} from './state-metrics.ts';
import { ThreadLag } from './thread-lag.ts';
import { trafficMetrics } from './traffic-metrics.ts';
import { verifyMetrics } from './verify-metrics.ts';

/** The part of a gateway's status that metrics tell. */
interface StatusFigures {
  readonly version: string;
  readonly state: string;
  readonly members: number;
  readonly services: number;
}

/** The parts of a gateway that count or know something. */
export interface MeasuredParts extends BelievingParts {
  readonly auditTrail: Pick<AuditTrail, 'audit' | 'forwarding'>;
  readonly caller: Caller;
  readonly clock: Pick<Clock, 'after' | 'now'>;
  readonly config: GatewayConfig;
  readonly effects: Effects;
  readonly bundleEndpoint: Pick<BundleEndpoint, 'certificate'>;
  readonly foreignBundles: Pick<ForeignBundles, 'standings'>;
  readonly ingressCertificates: Pick<IngressCertificates, 'states'>;
  readonly membership: Pick<Membership, 'believed' | 'bundleOf' | 'session'>;
  readonly observations: Pick<Observations, 'exemplars'>;
  readonly policies: Policies;
  readonly services: Pick<KnownServices, 'balanceView'>;
  readonly tokenRefusals: Pick<TokenRefusals, 'counts'>;
  readonly writtenPolicies: Pick<WrittenPolicies, 'refusals'>;
  readonly workers: Pick<
    Workers,
    'balancerStates' | 'counters' | 'linkDetails' | 'links' | 'status'
  >;
}

export class Metrics {
  readonly #gateway: MeasuredParts;
  readonly #status: () => StatusFigures;
  readonly #verifier: Pick<Verifier, 'row'>;
  readonly #mainThread: ThreadLag;

  constructor(
    gateway: MeasuredParts,
    status: () => StatusFigures,
    verifier: Pick<Verifier, 'row'>,
  ) {
    this.#gateway = gateway;
    this.#status = status;
    this.#verifier = verifier;
    this.#mainThread = new ThreadLag(gateway.clock);
  }

  /** `accept` is the scraper's Accept field. */
  async read(accept: string | undefined): Promise<Exposition> {
    const { config, workers, observations } = this.#gateway;
    const state = await this.#state();
    const { exemplars } = observations;
    const traffic = trafficMetrics(workers.counters.snapshot(), config.cluster, exemplars);
    const audit = auditMetrics(this.#gateway.auditTrail);
    const verified = verifyMetrics(this.#verifier.row);
    const refusals = refusalMetrics({
      tokens: this.#gateway.tokenRefusals,
      records: this.#gateway.membership.session?.client.refusals ?? [],
    });
    const { clock, foreignBundles } = this.#gateway;
    const foreign = foreignMetrics(foreignBundles.standings, clock.now());
    const all = [
      ...stateMetrics(state),
      ...refusals,
      ...foreign,
      ...audit,
      ...verified,
      ...traffic,
    ];
    return expose(all, accept);
  }

  close(): void {
    this.#mainThread.close();
  }

  async #state(): Promise<StateNumbers> {
    const { version, state: standing, members, services } = this.#status();
    const { workers } = this.#gateway;
    const [links, balance] = await Promise.all([workers.linkDetails(), this.#balance()]);
    return {
      version,
      node: process.versions.node,
      state: standing,
      clusters: Math.max(1, members),
      services,
      links: links.map(
        ({ state, ...link }): LinkNumbers => ({
          ...link,
          isUp: state === 'up' || state === 'suspect',
          isSuspect: state === 'suspect',
          rttMs: link.rttMs,
        }),
      ),
      balance,
      registry: this.#registry(),
      ...this.#trust(),
      refusedRecords: this.#gateway.writtenPolicies.refusals,
      effects: this.#effects(),
      threads: this.#threads(),
      workersReplaced: workers.status().reduce((sum, { restarts }) => sum + restarts, 0),
    };
  }

  async #balance(): Promise<StateNumbers['balance']> {
    const gateway = this.#gateway;
    const { cluster } = gateway.caller;
    const states = await gateway.workers.balancerStates();
    return [...states].flatMap(([service, state]) =>
      balanceNumbers(
        gateway.services.balanceView(service),
        gateway.caller,
        gateway.policies.traffic({ service, client: cluster, where: cluster }).balance,
        state,
      ),
    );
  }

  #registry(): RegistryNumbers | undefined {
    const status = this.#gateway.membership.session?.client.status;
    return status && { ...status, isConnected: status.store.kind === 'connected' };
  }

  #trust(): { certificates: CertificateNumbers[]; bundles: BundleNumbers[] } {
    const gateway = this.#gateway;
    const { bundleEndpoint, clock, identity, ingressCertificates } = gateway;
    const { certificate: given } = bundleEndpoint;
    const items = bundleStandings(gateway);
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
        ...(given ? [expires('bundle-endpoint', given.where, given.notAfter)] : []),
      ],
      bundles: believed.map(({ cluster, sequence, acks, laggards }) => ({
        cluster,
        sequence,
        acknowledged: acks.filter(({ state }) => state === 'taken').length,
        laggards: laggards.length,
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
