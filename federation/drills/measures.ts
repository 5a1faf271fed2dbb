/** Owns what several gateways' counts say together: requests, failures, latency and who answered, in any stretch of time. */
import type { ServiceName } from '../../core/names.ts';
import type { Counted, MeasureRecord } from './records.ts';

/** What a gateway had counted when it was heard of. */
export interface Sample {
  /** On the hearer's own clock, monotonic milliseconds. */
  readonly at: number;
  readonly measure: MeasureRecord;
}

/** One gateway's samples, oldest first. */
export type History = readonly Sample[];

/** What happened between two moments. */
export interface Window {
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  /** Requests by the cluster whose endpoints answered. */
  readonly to: ReadonlyMap<string, number>;
  /** The same per second: each gateway's by the time between its own samples, which don't come at once. */
  readonly rates: ReadonlyMap<string, number>;
  readonly boundsMs: readonly number[];
  /** A count per bucket of `boundsMs`, and one above them. */
  readonly latency: readonly number[];
}

/** Samples older than the newest by this much are forgotten, all but one. */
const keptMs = 120_000;

/** The history with one more sample. One that comes twice, as after a broken watch, is not counted twice. */
export function withSample(history: History, sample: Sample): History {
  const kept = history.filter(({ at }, i) => {
    const next = history[i + 1]?.at ?? sample.at;
    return at > sample.at - keptMs || next > sample.at - keptMs;
  });
  return [...kept, sample];
}

/** Where each gateway's counts stood at one moment, by `<cluster>/<gateway>`. */
export type Mark = ReadonlyMap<string, Sample>;

/** The last sample of each gateway at or before `at`; the first there is for one heard of only later. */
export function markAt(histories: ReadonlyMap<string, History>, at: number): Mark {
  const mark = new Map<string, Sample>();
  for (const [gateway, history] of histories) {
    const sample = history.findLast((candidate) => candidate.at <= at) ?? history[0];
    if (sample) mark.set(gateway, sample);
  }
  return mark;
}

/** What happened between two marks at the gateways that are in both, of one service or of all. */
export function windowBetween(from: Mark, until: Mark, service?: ServiceName): Window {
  let seconds = 0;
  let requests = 0;
  let failed = 0;
  let boundsMs: readonly number[] = [];
  const to = new Map<string, number>();
  const rates = new Map<string, number>();
  const latency: number[] = [];
  for (const [gateway, last] of until) {
    const first = from.get(gateway);
    if (!first || last.at <= first.at) continue;
    const took = (last.at - first.at) / 1000;
    seconds = Math.max(seconds, took);
    if (boundsMs.length === 0) boundsMs = last.measure.boundsMs;
    const comparable = sameBounds(boundsMs, last.measure.boundsMs);
    for (const grown of growth(first.measure, last.measure)) {
      if (service !== undefined && grown.service !== service) continue;
      requests += grown.requests;
      failed += grown.failed;
      for (const [cluster, count] of Object.entries(grown.to)) {
        to.set(cluster, (to.get(cluster) ?? 0) + count);
        rates.set(cluster, (rates.get(cluster) ?? 0) + count / took);
      }
      if (!comparable) continue;
      for (const [i, count] of grown.latency.entries()) latency[i] = (latency[i] ?? 0) + count;
    }
  }
  return { seconds, requests, failed, to, rates, boundsMs, latency };
}

/** What a gateway counted between two of its measures; one that started anew in between counts from nothing. */
export function growth(first: MeasureRecord, last: MeasureRecord): Counted[] {
  const anew = last.uptimeMs < first.uptimeMs;
  const before = new Map(anew ? [] : first.services.map((counted) => [counted.service, counted]));
  return last.services.map((counted) => {
    const base = before.get(counted.service);
    if (base === undefined) return counted;
    return {
      service: counted.service,
      requests: less(counted.requests, base.requests),
      failed: less(counted.failed, base.failed),
      to: Object.fromEntries(
        Object.entries(counted.to).map(([cluster, n]) => [cluster, less(n, base.to[cluster])]),
      ),
      latency: counted.latency.map((n, i) => less(n, base.latency[i])),
    };
  });
}

/**
 * The time that `quantile` (0 to 1) of all answers did not exceed, in milliseconds, taken as evenly spread within its bucket;
 * what lies above the last bound counts as that bound. Undefined when nothing was counted.
 */
export function quantileMs({ latency, boundsMs }: Window, quantile: number): number | undefined {
  const total = latency.reduce((sum, n) => sum + n, 0);
  if (total === 0) return undefined;
  let below = 0;
  for (const [i, n] of latency.entries()) {
    if (below + n >= quantile * total && n > 0) {
      const low = boundsMs[i - 1] ?? 0;
      const high = boundsMs[i] ?? low;
      return low + ((high - low) * (quantile * total - below)) / n;
    }
    below += n;
  }
  return boundsMs.at(-1);
}

/** Part of a whole, 0 when there is no whole. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Requests per second that a cluster's endpoints answered. */
export function rateTo({ rates }: Window, cluster: string): number {
  return rates.get(cluster) ?? 0;
}

/** Part of all answered requests that a cluster's endpoints answered; undefined when none was answered. */
export function shareOf({ to }: Window, cluster: string): number | undefined {
  const all = [...to.values()].reduce((sum, n) => sum + n, 0);
  return all === 0 ? undefined : (to.get(cluster) ?? 0) / all;
}

function less(count: number, before: number | undefined): number {
  return Math.max(0, count - (before ?? 0));
}

function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i]);
}
