/** Owns the counts of the whole federation: this gateway's own, and those that the others' gateways tell when somebody looks. */
import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { OtherGateway } from '../others/other-gateway.ts';
import { History } from './history.ts';
import { rebucket } from './percentile.ts';
import type { Sampler } from './sampler.ts';
import { type Samples, samplesSchema, stepMs } from './samples.ts';
import type { TrafficView } from './view.ts';

interface FederationCountsOptions {
  readonly cluster: ClusterName;
  readonly gateway: string;
  readonly sampler: Sampler;
  readonly boundsMs: readonly number[];
  /** The other gateways. */
  others(): readonly OtherGateway[];
  /** Asks one for JSON. Rejects when it does not answer. */
  ask(other: OtherGateway, path: string): Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Steps are five seconds long: asking more often brings nothing new. */
const askEveryMs = stepMs / 2;

interface Known {
  readonly cluster: string;
  readonly history: History;
  answers: boolean;
}

export class FederationCounts {
  readonly #options: FederationCountsOptions;
  readonly #known = new Map<string, Known>();
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> = Promise.resolve();

  constructor(options: FederationCountsOptions) {
    this.#options = options;
  }

  /** This gateway's counts of the steps after `after`. */
  own(after: number): Samples {
    const { cluster, gateway, sampler, boundsMs } = this.#options;
    const { history } = sampler;
    return { cluster, gateway, through: history.through, boundsMs, series: history.since(after) };
  }

  /** The counts of all gateways that answer. */
  async view(): Promise<TrafficView> {
    const { clock, cluster, sampler, boundsMs } = this.#options;
    if (clock.monotonic() - this.#askedAt >= askEveryMs) {
      this.#askedAt = clock.monotonic();
      this.#asking = this.#askAll();
    }
    await this.#asking;
    const known = [...this.#known.values()];
    const own = sampler.history;
    return {
      through: own.through,
      boundsMs,
      clusters: [
        { cluster, series: own.since(0) },
        ...known.map(({ cluster: of, history }) => ({ cluster: of, series: history.since(0) })),
      ],
      missing: missingOf(known),
    };
  }

  async #askAll(): Promise<void> {
    const others = this.#options.others();
    const names = new Set(others.map(nameOf));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    await Promise.all(others.map((other) => this.#ask(other)));
  }

  async #ask(other: OtherGateway): Promise<void> {
    const { ask, boundsMs, cluster, gateway, log } = this.#options;
    const name = nameOf(other);
    const known = this.#known.get(name) ?? {
      cluster: other.cluster,
      history: new History(),
      answers: false,
    };
    try {
      const answer = await ask(other, `/v1/samples?after=${known.history.through}`);
      const samples = samplesSchema.parse(answer);
      // An address may lead to this very gateway; another's cluster is known from its certificate.
      if (samples.cluster === cluster && samples.gateway === gateway) return;
      known.history.merge(withBounds(samples, boundsMs));
      known.answers = true;
    } catch (thrown) {
      const err = thrown instanceof z.ZodError ? z.prettifyError(thrown) : thrown;
      if (known.answers) log.info({ err, ...other }, 'a gateway tells no counts');
      known.answers = false;
    }
    this.#known.set(name, known);
  }
}

function nameOf({ cluster, address }: OtherGateway): string {
  return `${cluster} ${address}`;
}

/** Clusters of which no gateway answers. */
function missingOf(known: readonly Known[]): string[] {
  const answering = new Set(known.filter(({ answers }) => answers).map(({ cluster }) => cluster));
  const all = new Set(known.map(({ cluster }) => cluster));
  return [...all].filter((cluster) => !answering.has(cluster)).sort();
}

/** Counts of a gateway of another version, under our bounds. */
function withBounds(samples: Samples, boundsMs: readonly number[]): Samples {
  if (samples.boundsMs.join() === boundsMs.join()) return samples;
  const series = samples.series.map((one) => ({
    ...one,
    steps: one.steps.map((step) => ({
      ...step,
      latency: rebucket(step.latency, samples.boundsMs, boundsMs),
    })),
  }));
  return { ...samples, boundsMs, series };
}
