/** Owns the shape of a metric family as it is exposed: its name, meaning, type and samples. */

export type LabelSet = Readonly<Record<string, string>>;

/** A trace that a count came from (OpenMetrics section "Exemplars"). */
export interface Exemplar {
  readonly labelSet: LabelSet;
  readonly value: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
}

interface Sample {
  /** Present where the name is not the family's own, as for the parts of a histogram. */
  readonly metricName?: string;
  readonly labels: LabelSet & { readonly le?: string };
  readonly value: number;
  readonly exemplar?: Exemplar;
}

export interface Family {
  /** Prometheus conventions: base units, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: readonly Sample[];
}

export type Measured = readonly [labels: LabelSet, value: number];

export function gauge(name: string, help: string, values: readonly Measured[]): Family {
  return { name, help, type: 'gauge', values: samples(values) };
}

/** `name` ends in `_total`. */
export function counter(name: string, help: string, values: readonly Measured[]): Family {
  return { name, help, type: 'counter', values: samples(values) };
}

interface Histogram {
  readonly labels: LabelSet;
  /** Count per bucket, not cumulative; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** The exemplar of each bucket, where there is one. */
  readonly exemplars?: readonly (Exemplar | undefined)[];
}

/** `bounds` are the upper ends of all buckets but the last, in the metric's unit. */
export function histogram(
  name: string,
  help: string,
  bounds: readonly number[],
  values: readonly Histogram[],
): Family {
  return {
    name,
    help,
    type: 'histogram',
    values: values.flatMap((value) => histogramSamples(name, bounds, value)),
  };
}

function histogramSamples(
  name: string,
  bounds: readonly number[],
  { labels, counts, sum, exemplars }: Histogram,
): Sample[] {
  const parts: Sample[] = [];
  let count = 0;
  for (const [i, inBucket] of counts.entries()) {
    count += inBucket;
    const bound = bounds[i];
    const le = bound === undefined ? '+Inf' : String(bound);
    const exemplar = exemplars?.[i];
    const bucket = { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    parts.push(exemplar === undefined ? bucket : { ...bucket, exemplar });
  }
  parts.push({ metricName: `${name}_sum`, labels, value: sum });
  parts.push({ metricName: `${name}_count`, labels, value: count });
  return parts;
}

function samples(values: readonly Measured[]): Sample[] {
  return values.map(([labels, value]) => ({ labels, value }));
}
