/** Owns the matrix: the rows of all gateways that answered, put together by pairs of clusters. */
import { byCodeUnits } from '../../../core/text-order.ts';
import { type Cell, type Outcome, type Row, worst } from './row.ts';

/** What became of asking one gateway for its row. */
export type Answer =
  | { readonly cluster: string; readonly row: Row }
  | {
      readonly cluster: string;
      readonly address: string;
      readonly why: string;
      /** Since when no link to its cluster is up, in milliseconds since 1970. */
      readonly since: number | undefined;
    };

/** How one cluster is seen from another one. */
interface Pair {
  readonly from: string;
  readonly to: string;
  readonly outcome: Outcome;
  /** Why nothing is known, where that is so; and since when. */
  readonly why?: string;
  readonly since?: number;
  /** The best round trip of those that its gateways found. */
  readonly rttMs?: number;
  readonly seen: readonly (Cell & { readonly gateway: string })[];
}

export interface Matrix {
  /** The gateway that was asked, as `cluster/id`, and when. */
  readonly by: string;
  readonly at: number;
  readonly clusters: readonly string[];
  readonly pairs: readonly Pair[];
  /** Gateways of which the registry knows, and of which no row was had, as `cluster/id`: where a cluster advertises fewer addresses than it has gateways, some are. */
  readonly unheard: readonly string[];
}

interface Parts extends Omit<Matrix, 'pairs' | 'unheard'> {
  /** Every gateway that there is, as `cluster/id`. */
  readonly gateways: readonly string[];
  readonly answers: readonly Answer[];
}

export function matrixOf({ answers, gateways, ...of }: Parts): Matrix {
  const byCluster = Map.groupBy(answers, ({ cluster }) => cluster);
  const pairs = of.clusters.flatMap((from) =>
    of.clusters
      .filter((to) => to !== from)
      .map((to) => pairOf(from, to, byCluster.get(from) ?? [])),
  );
  const heard = new Set(
    answers.flatMap((one) => ('row' in one ? `${one.cluster}/${one.row.gateway}` : [])),
  );
  return { ...of, pairs, unheard: gateways.filter((one) => !heard.has(one)).sort(byCodeUnits) };
}

function pairOf(from: string, to: string, answers: readonly Answer[]): Pair {
  // A gateway may be asked by several addresses.
  const rows = new Map(
    answers.flatMap((one) => ('row' in one ? [[one.row.gateway, one.row]] : [])),
  );
  const seen = [...rows.values()]
    .flatMap(({ gateway, cells }) =>
      cells.filter((cell) => cell.to === to).map((cell) => ({ ...cell, gateway })),
    )
    .sort((a, b) => byCodeUnits(a.gateway, b.gateway));
  if (seen.length === 0) return { from, to, outcome: 'unknown', ...ignorance(answers), seen };
  const outcome = together(seen.map((cell) => cell.outcome));
  const rtts = seen.flatMap(({ rttMs }) => rttMs ?? []);
  return {
    ...{ from, to, outcome },
    since: Math.max(...seen.map(({ since }) => since)),
    ...(rtts.length > 0 && { rttMs: Math.min(...rtts) }),
    seen,
  };
}

/** A cluster has failed to reach another one once none of its gateways gets through. */
export function together(all: readonly Outcome[]): Outcome {
  const found = worst(all);
  return found === 'failed' && all.some((one) => one !== 'failed') ? 'warning' : found;
}

function ignorance(answers: readonly Answer[]): Pick<Pair, 'why' | 'since'> {
  if (answers.some((one) => 'row' in one)) return { why: 'It was not looked at yet' };
  const [silent] = answers.flatMap((one) => ('why' in one ? one : []));
  if (silent === undefined) return { why: 'Its gateways are not believed here, or advertise none' };
  const { why, since } = silent;
  return { why, ...(since !== undefined && { since }) };
}
