/** Owns what became of requests, whoever counts them: those that endpoints answered and those that the gateway refused, in one list. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { Protocol } from '../../../registry/model.ts';
import type { TierKind } from '../balance/types.ts';
import type { RecordSnapshot } from './series.ts';

/** The counts of requests for one service from one place, since the gateway's start. */
interface Outcome {
  readonly service: ServiceName;
  /** The cluster whose gateway has asked; undefined: a client of this cluster. */
  readonly source: ClusterName | undefined;
  /** The cluster and tier whose endpoints answered; undefined where none did. */
  readonly answered:
    | { readonly cluster: ClusterName; readonly tier: TierKind; readonly protocol: Protocol }
    | undefined;
  readonly requests: number;
  /** Requests that failed: answered by 5xx, or by nobody. */
  readonly errors: number;
  /** Count per bucket of `latencyBoundsMs`, of those that were answered. */
  readonly latency: readonly number[];
}

/** Ends of requests that nobody failed: their clients went away. */
const notFailed: ReadonlySet<string> = new Set(['CLIENT_GONE']);

export function outcomesOf({ served, refused }: RecordSnapshot): Outcome[] {
  return [
    ...served.map(({ service, source, cluster, tier, protocol, ...counted }) => ({
      ...{ service, source, answered: { cluster, tier, protocol } },
      requests: counted.requests,
      errors: counted.byStatusClass[5] ?? 0,
      latency: counted.latencyBuckets,
    })),
    ...refused.flatMap(({ service, code, source, requests }) => {
      if (service === undefined || notFailed.has(code)) return [];
      // A response that broke off was counted as served when its head came.
      const isCounted = code === 'RESPONSE_BROKEN';
      const failed = { requests: isCounted ? 0 : requests, errors: requests, latency: [] };
      return { service, source, answered: undefined, ...failed };
    }),
  ];
}
