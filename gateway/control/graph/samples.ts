/** Owns the shape in which gateways tell each other their counts: what each counted in every step of five seconds. */
import { z } from 'zod';

export const stepMs = 5_000;
/** Ten minutes. */
export const stepsKept = 120;

const count = z.number().min(0);

const stepSchema = z.strictObject({
  /** Number of the step since the epoch: wall time divided by `stepMs`. */
  step: z.int(),
  requests: count,
  /** Requests that failed: answered 5xx, refused by the gateway, or broken off. */
  errors: count,
  /** Per bucket of `boundsMs`, not cumulative; one more bucket than bounds. */
  latency: z.array(count).max(256).readonly(),
});

const seriesSchema = z.strictObject({
  service: z.string().max(127),
  /** Where requests came from: the cluster whose gateway asked, or the counting one where a client did. */
  source: z.string().max(63),
  /** The cluster that answered. */
  cluster: z.string().max(63),
  tier: z.enum(['zone', 'region', 'cluster']),
  protocol: z.string().max(32),
  /** Steps in which there was something to count, oldest first. */
  steps: z.array(stepSchema).max(stepsKept).readonly(),
});

/** The counts of one gateway since a step. */
export const samplesSchema = z
  .strictObject({
    cluster: z.string().max(63),
    gateway: z.string().max(63),
    /** The last step that is over. */
    through: z.int(),
    /** Upper bounds of the latency buckets, milliseconds. */
    boundsMs: z.array(z.number()).max(255).readonly(),
    series: z.array(seriesSchema.readonly()).max(50_000).readonly(),
  })
  .meta({ id: 'Samples', description: 'What one gateway counted, step by step' });

export type Step = z.output<typeof stepSchema>;
export type Series = z.output<typeof seriesSchema>;
export type Samples = z.output<typeof samplesSchema>;

/** The labels that tell one series from another. */
export type SeriesLabels = Omit<Series, 'steps'>;

export function seriesKey(labels: SeriesLabels): string {
  const { service, source, cluster, tier, protocol } = labels;
  return `${service} ${source} ${cluster} ${tier} ${protocol}`;
}
