/** Owns the metrics of what a gateway knows and is: its links, balancing, registry, trust, threads and build. */
import { counter, type Family, gauge, type Measured } from './family.ts';

/** One connection to a gateway of another cluster. */
export interface LinkNumbers {
  readonly cluster: string;
  readonly address: string;
  readonly isUp: boolean;
  /** The link is up, and nothing is heard by it for now. */
  readonly isSuspect: boolean;
  readonly rttMs: number | undefined;
  readonly streams: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** How one service's balancer treats a cluster. */
export interface BalanceNumbers {
  readonly service: string;
  readonly cluster: string;
  readonly tier: string;
  /** Percent of the service's requests. */
  readonly load: number;
  readonly healthy: number;
  readonly total: number;
  readonly ejected: number;
}

export interface RegistryNumbers {
  readonly isConnected: boolean;
  readonly revision: number;
  /** Since what is known was last confirmed, in milliseconds; 0 while it is. */
  readonly staleMs: number;
  readonly pendingWrites: number;
  readonly resyncs: number;
}

/** A certificate or a root: what it is for, whose, and how long it lasts. */
export interface CertificateNumbers {
  readonly kind: 'leaf' | 'bundle' | 'bundle-endpoint' | 'ingress';
  readonly name: string;
  readonly expiresInMs: number;
}

/** Records of policies, or of who may write them, that were refused. */
interface RefusedRecords {
  /** Whose they were to be: `cluster`, `federation` or `grants`. */
  readonly of: string;
  readonly code: string;
  readonly count: number;
}

export interface BundleNumbers {
  readonly cluster: string;
  readonly sequence: number;
  /** Gateways that say that they verify by this sequence. */
  readonly acknowledged: number;
  /** Gateways that do not, though their cluster is reached. */
  readonly laggards: number;
}

export interface ThreadNumbers {
  /** `main`, or `worker-0` and so on. */
  readonly thread: string;
  readonly lagP99Ms: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  /** Whether it refuses new requests; absent for one that takes none. */
  readonly isShedding?: boolean;
}

export interface StateNumbers {
  readonly version: string;
  readonly node: string;
  readonly state: string;
  readonly clusters: number;
  readonly services: number;
  readonly links: readonly LinkNumbers[];
  readonly balance: readonly BalanceNumbers[];
  /** Absent while the gateway is in no federation. */
  readonly registry: RegistryNumbers | undefined;
  readonly certificates: readonly CertificateNumbers[];
  readonly bundles: readonly BundleNumbers[];
  readonly refusedRecords: readonly RefusedRecords[];
  readonly threads: readonly ThreadNumbers[];
  /** The effects of drills and standing orders at this gateway now, counted by kind. */
  readonly effects: Readonly<Record<'withhold' | 'direct' | 'fault' | 'lost', number>>;
  /** Worker threads started again after they died. */
  readonly workersReplaced: number;
}

export function stateMetrics(state: StateNumbers): Family[] {
  return [
    gauge('isthmus_build_info', 'Always 1; says what runs.', [
      [{ version: state.version, node: state.node }, 1],
    ]),
    gauge('isthmus_ready', '1 while the gateway serves.', [[{}, Number(state.state === 'ready')]]),
    gauge('isthmus_state', 'Always 1; says whether the gateway serves, and why not.', [
      [{ state: state.state }, 1],
    ]),
    gauge('isthmus_clusters', 'Clusters in the federation, this one included.', [
      [{}, state.clusters],
    ]),
    gauge('isthmus_services', 'Services known here.', [[{}, state.services]]),
    ...linkMetrics(state.links),
    ...balanceMetrics(state.balance),
    ...(state.registry === undefined ? [] : registryMetrics(state.registry)),
    ...trustMetrics(state.certificates, state.bundles),
    counter(
      'isthmus_policy_records_refused_total',
      'Records of policies, and of who may write them, that the registry had and that were not believed.',
      state.refusedRecords.map(({ of, code, count }) => [{ of, code }, count]),
    ),
    effectMetrics(state),
    ...threadMetrics(state),
  ];
}

function linkMetrics(links: readonly LinkNumbers[]): Family[] {
  const labelled = withConnections(links);
  const each = (value: (link: LinkNumbers) => number | undefined): Measured[] =>
    labelled.flatMap(({ link, labels }): Measured[] => {
      const measured = value(link);
      return measured === undefined ? [] : [[labels, measured]];
    });
  const bytes = labelled.flatMap(({ link, labels }): Measured[] => [
    [{ ...labels, direction: 'sent' }, link.sentBytes],
    [{ ...labels, direction: 'received' }, link.receivedBytes],
  ]);
  return [
    gauge(
      'isthmus_link_up',
      'Whether a connection to a gateway of another cluster is up.',
      each(({ isUp }) => Number(isUp)),
    ),
    gauge(
      'isthmus_link_suspect',
      'Whether nothing is heard by a connection that is up, for now.',
      each(({ isSuspect }) => Number(isSuspect)),
    ),
    gauge(
      'isthmus_link_rtt_seconds',
      'Smoothed round trip of a link, measured by PING.',
      each(({ rttMs }) => (rttMs === undefined ? undefined : rttMs / 1000)),
    ),
    gauge(
      'isthmus_link_streams',
      'Requests under way on a link.',
      each(({ streams }) => streams),
    ),
    counter(
      'isthmus_link_bytes_total',
      'Octets on a link since it was made; it starts anew when the link does.',
      bytes,
    ),
  ];
}

/** Connections to the same address are told apart by a number, so that others that come and go do not matter. */
function withConnections(links: readonly LinkNumbers[]) {
  const counts = new Map<string, number>();
  return links.map((link) => {
    const { cluster, address } = link;
    const place = `${cluster} ${address}`;
    const connection = counts.get(place) ?? 0;
    counts.set(place, connection + 1);
    return {
      link,
      labels: { destination_cluster: cluster, address, connection: String(connection) },
    };
  });
}

function balanceMetrics(balance: readonly BalanceNumbers[]): Family[] {
  const each = (value: (numbers: BalanceNumbers) => number): Measured[] =>
    balance.map((numbers) => {
      const { service, cluster, tier } = numbers;
      return [{ service, destination_cluster: cluster, tier }, value(numbers)];
    });
  return [
    gauge(
      'isthmus_balancer_load_ratio',
      'Share of the requests for a service that a tier carries by decision, 0 to 1.',
      each(({ load }) => load / 100),
    ),
    gauge(
      'isthmus_balancer_endpoints',
      'Copies of a service in a tier.',
      each(({ total }) => total),
    ),
    gauge(
      'isthmus_balancer_healthy_endpoints',
      'Healthy copies of a service in a tier.',
      each(({ healthy }) => healthy),
    ),
    gauge(
      'isthmus_balancer_ejected',
      'Endpoints, or the cluster as a whole, taken out because they failed.',
      each(({ ejected }) => ejected),
    ),
  ];
}

function registryMetrics(registry: RegistryNumbers): Family[] {
  return [
    gauge('isthmus_registry_connected', 'Whether the registry answers.', [
      [{}, Number(registry.isConnected)],
    ]),
    gauge('isthmus_registry_revision', 'Revision of what is known of the federation.', [
      [{}, registry.revision],
    ]),
    gauge(
      'isthmus_registry_staleness_seconds',
      'Since what is known could last be confirmed; 0 while it is.',
      [[{}, registry.staleMs / 1000]],
    ),
    gauge('isthmus_registry_pending_writes', 'Writes that the registry has not taken yet.', [
      [{}, registry.pendingWrites],
    ]),
    counter('isthmus_registry_resyncs_total', 'Times that everything was listed anew.', [
      [{}, registry.resyncs],
    ]),
  ];
}

function trustMetrics(
  certificates: readonly CertificateNumbers[],
  bundles: readonly BundleNumbers[],
): Family[] {
  return [
    gauge(
      'isthmus_certificate_expires_in_seconds',
      'Until a certificate, or the first root of a bundle, expires; negative afterwards.',
      certificates.map(({ kind, name, expiresInMs }) => [{ kind, name }, expiresInMs / 1000]),
    ),
    gauge(
      'isthmus_bundle_sequence',
      "Sequence of a cluster's trust bundle, as believed here.",
      bundles.map(({ cluster, sequence }) => [{ bundle: cluster }, sequence]),
    ),
    gauge(
      'isthmus_bundle_acknowledged',
      "Gateways that say that they verify by that sequence of a cluster's bundle.",
      bundles.map(({ cluster, acknowledged }) => [{ bundle: cluster }, acknowledged]),
    ),
    gauge(
      'isthmus_bundle_laggards',
      'Gateways that do not, though their cluster is reached: a change of its root waits for them.',
      bundles.map(({ cluster, laggards }) => [{ bundle: cluster }, laggards]),
    ),
  ];
}

function effectMetrics({ effects }: StateNumbers): Family {
  return gauge(
    'isthmus_drill_effects',
    'What drills, drains and failovers do at this gateway now.',
    Object.entries(effects).map(([effect, n]) => [{ effect }, n]),
  );
}

function threadMetrics({ threads, workersReplaced }: StateNumbers): Family[] {
  return [
    gauge(
      'isthmus_event_loop_lag_seconds',
      '99th percentile of how late a thread runs what is due.',
      threads.map(({ thread, lagP99Ms }) => [{ thread }, lagP99Ms / 1000]),
    ),
    gauge(
      'isthmus_heap_bytes',
      'JavaScript heap in use by a thread.',
      threads.map(({ thread, heapBytes }) => [{ thread }, heapBytes]),
    ),
    gauge(
      'isthmus_heap_limit_bytes',
      'Most that the heap of a thread may take.',
      threads.map(({ thread, heapLimitBytes }) => [{ thread }, heapLimitBytes]),
    ),
    gauge(
      'isthmus_shedding',
      'Whether a worker refuses new requests because it is overloaded.',
      threads.flatMap(({ thread, isShedding }): Measured[] =>
        isShedding === undefined ? [] : [[{ thread }, Number(isShedding)]],
      ),
    ),
    counter('isthmus_workers_replaced_total', 'Worker threads started anew after they died.', [
      [{}, workersReplaced],
    ]),
  ];
}
