/** Owns the latest counts of every gateway, as each tells when it is asked: nothing is written for that, and the registry may be down. */
import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import type { ClusterName } from '../../../core/names.ts';
import { within } from '../../../core/within.ts';
import { lookBackMs } from '../../../federation/drills/demand.ts';
import type { History } from '../../../federation/drills/measures.ts';
import type { Unknown } from '../../../federation/drills/model.ts';
import { measureRecordSchema } from '../../../federation/drills/records.ts';
import type { OtherGateway } from '../others/other-gateway.ts';

/** How one gateway answers another: by age, for their clocks differ. */
export const latelySchema = z.strictObject({
  samples: z
    .array(z.strictObject({ agoMs: z.number().min(0), measure: measureRecordSchema }))
    .max(10),
});
export type LatelyAnswer = z.output<typeof latelySchema>;

/** The counts of the last half minute, as far as they are known. */
export interface Lately {
  /** By `<cluster>/<gateway>`. */
  readonly histories: ReadonlyMap<string, History>;
  /** Gateways that should have answered, and did not. */
  readonly unknown: readonly Unknown[];
}

export interface Others {
  list(): readonly OtherGateway[];
  /** Asks one for JSON. Rejects when it does not answer. */
  ask(peer: OtherGateway, path: string): Promise<unknown>;
  /** Since when a cluster is out of reach, in wall milliseconds; undefined while it is not. */
  unreachableSince(cluster: ClusterName): number | undefined;
}

interface LatelyOptions {
  readonly self: { readonly cluster: ClusterName; readonly gateway: string };
  own(): Promise<History>;
  readonly others: Others;
  /** `<cluster>/<gateway>` of every gateway that is known to live. */
  gateways(): readonly string[];
  clusters(): readonly ClusterName[];
  readonly clock: Clock;
}

const path = '/v1/measures';
/** Counts of gateways that haven't answered by then are unknown: somebody waits to see a prediction. */
const patienceMs = 1_000;

export class LatelyCounted {
  readonly #options: LatelyOptions;
  /** When each gateway last answered, wall milliseconds. */
  readonly #heardAt = new Map<string, number>();

  constructor(options: LatelyOptions) {
    this.#options = options;
  }

  /** This gateway's own part, for one that asks: the samples that predictions look at. */
  async answer(): Promise<LatelyAnswer> {
    const { own, clock } = this.#options;
    const history = await own();
    const now = clock.monotonic();
    const begins = Object.values(lookBackMs).map((ms) => now - ms);
    const looked = [...begins, now].map((at) => history.findLast((one) => one.at <= at));
    const samples = history.filter((one, i) => i === 0 || looked.includes(one));
    return { samples: samples.map(({ at, measure }) => ({ agoMs: now - at, measure })) };
  }

  /** Asks them all. */
  async all(): Promise<Lately> {
    const { self, own, others, clock } = this.#options;
    const heard = new Map<string, History>();
    const asked = others.list().map(async (other) => {
      const answer = await this.#ask(other);
      if (answer) heard.set(...answer);
    });
    await within(
      clock,
      patienceMs,
      Promise.all(asked).then(() => undefined),
    );
    // What comes too late for this prediction has no part in it any more.
    const histories = new Map(heard);
    histories.set(`${self.cluster}/${self.gateway}`, await own());
    const now = clock.now();
    for (const gateway of histories.keys()) this.#heardAt.set(gateway, now);
    return { histories, unknown: this.#unknown(histories) };
  }

  async #ask(peer: OtherGateway): Promise<[gateway: string, history: History] | undefined> {
    const { others, clock } = this.#options;
    try {
      const { samples } = latelySchema.parse(await others.ask(peer, path));
      const now = clock.monotonic();
      // Its certificate says which cluster it is of, and it speaks for no other.
      const own = samples.filter(({ measure }) => measure.cluster === peer.cluster);
      const history = own.map(({ agoMs, measure }) => ({ at: now - agoMs, measure }));
      const id = own[0]?.measure.id;
      return id === undefined ? undefined : [`${peer.cluster}/${id}`, history];
    } catch {
      return undefined; // It is named as unknown.
    }
  }

  #unknown(histories: ReadonlyMap<string, History>): Unknown[] {
    const { gateways, clusters } = this.#options;
    const living = gateways();
    const hasLiving = new Set([...living, ...histories.keys()].map(clusterOf));
    const silent = living.filter((gateway) => !histories.has(gateway)).sort();
    const deserted = clusters().filter((cluster) => !hasLiving.has(cluster));
    return [
      ...silent.map((name) => {
        const cluster = clusterOf(name);
        return { cluster, gateway: name.slice(cluster.length + 1), ...this.#heard(cluster, name) };
      }),
      ...deserted.map((cluster) => ({ cluster, ...this.#heard(cluster) })),
    ];
  }

  /** When the gateway answered, or its cluster's links were last up, whichever is later. */
  #heard(cluster: ClusterName, gateway?: string): Pick<Unknown, 'heardAt'> {
    const { others } = this.#options;
    const times = [
      ...[...this.#heardAt].flatMap(([name, at]) =>
        name === gateway || (gateway === undefined && clusterOf(name) === cluster) ? at : [],
      ),
      ...[others.unreachableSince(cluster)].filter((at) => at !== undefined),
    ];
    return times.length === 0 ? {} : { heardAt: Math.max(...times) };
  }
}

/** In words; `now`: wall milliseconds. */
export function unknownText({ cluster, gateway, heardAt }: Unknown, now: number): string {
  const who =
    gateway === undefined
      ? 'none of its gateways is known to live'
      : `its ${gateway} does not answer`;
  const age =
    heardAt === undefined ? '' : `, last heard of ${Math.round((now - heardAt) / 1000)} s ago`;
  return `What clients of ${cluster} ask for is unknown: ${who}${age}`;
}

function clusterOf(gateway: string): ClusterName {
  return gateway.slice(0, gateway.indexOf('/')) as ClusterName;
}
