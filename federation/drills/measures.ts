/** Owns adding up several gateways' counts: requests, failures, latency and who answered, in any stretch of time. */
import type { ClusterName, ServiceName } from '../../core/names.ts';
import { type Counted, type MeasureRecord, maxServices } from './records.ts';

/** The counts of a gateway when it was heard of. */
export interface Sample {
  /** On the hearer's own clock, monotonic milliseconds. */
  readonly at: number;
  readonly measure: MeasureRecord;
}

/** One gateway's samples, oldest first. */
export type History = readonly Sample[];

/** Which of all requests are looked at; those that meet all that is given. */
export interface Concern {
  /** Requests for one of these services. */
  readonly services?: readonly ServiceName[] | undefined;
  /** Requests that clients of this cluster make. */
  readonly from?: ClusterName | undefined;
}

const everything: Concern = {};

/** The requests between two moments. */
export interface Window {
  /** Of the gateway that was looked at for longest. */
  readonly seconds: number;
  readonly requests: number;
  /** Requests per second, by the same measure as `rates`. */
  readonly perSecond: number;
  readonly failed: number;
  /** Requests by the cluster whose endpoints answered. */
  readonly to: ReadonlyMap<string, number>;
  /** The same per second: each gateway's by the time between its own samples, which don't come at once. */
  readonly rates: ReadonlyMap<string, number>;
  readonly boundsMs: readonly number[];
  /** A count per bucket of `boundsMs`, and one above them. */
  readonly latency: readonly number[];
}

/** Two minutes. */
const mostMs = 120_000;

/**
 * The history with one more sample; those older than that by `keptMs` are forgotten, all but one. One that comes twice, as after a
 * broken watch, is not counted twice.
 */
export function withSample(history: History, sample: Sample, keptMs = mostMs): History {
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

/** The requests between two marks, at the gateways that are in both. */
export function windowBetween(from: Mark, until: Mark, concern: Concern = everything): Window {
  const services = concern.services && new Set(concern.services);
  let seconds = 0;
  let requests = 0;
  let perSecond = 0;
  let failed = 0;
  let boundsMs: readonly number[] = [];
  const to = new Map<string, number>();
  const rates = new Map<string, number>();
  const latency: number[] = [];
  for (const [gateway, last] of until) {
    const first = from.get(gateway);
    if (!first || last.at <= first.at) continue;
    if (concern.from !== undefined && !gateway.startsWith(`${concern.from}/`)) continue;
    const took = (last.at - first.at) / 1000;
    seconds = Math.max(seconds, took);
    if (boundsMs.length === 0) boundsMs = last.measure.boundsMs;
    const comparable = sameBounds(boundsMs, last.measure.boundsMs);
    for (const grown of growth(first.measure, last.measure)) {
      if (services && !services.has(grown.service)) continue;
      requests += grown.requests;
      perSecond += grown.requests / took;
      failed += grown.failed;
      for (const [cluster, count] of Object.entries(grown.to)) {
        to.set(cluster, (to.get(cluster) ?? 0) + count);
        rates.set(cluster, (rates.get(cluster) ?? 0) + count / took);
      }
      if (!comparable) continue;
      for (const [i, count] of grown.latency.entries()) latency[i] = (latency[i] ?? 0) + count;
    }
  }
  return { seconds, requests, perSecond, failed, to, rates, boundsMs, latency };
}

/** What a gateway counted between two of its measures; one that started anew in between counts from nothing. */
export function growth(first: MeasureRecord, last: MeasureRecord): Counted[] {
  const anew = last.uptimeMs < first.uptimeMs;
  const before = new Map(anew ? [] : first.services.map((counted) => [counted.service, counted]));
  // One that was not among those named may have been counted before: what came since can't be told.
  const namedAll = anew || first.services.length < maxServices;
  return last.services.flatMap((counted) => {
    const base = before.get(counted.service);
    if (base === undefined) return namedAll ? counted : [];
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
