/** Owns the metrics of requests: who asked for what, who answered, how often, how well, how fast, and why not. */
import { latencyBoundsMs, type RecordSnapshot } from '../proxy/series.ts';
import { counter, type Family, gauge, histogram, type LabelSet } from './family.ts';

/**
 * Labels are bounded by what is configured: services, clusters and tiers. Paths, clients and endpoints are never
 * among them; statuses are told by their class.
 */
export function trafficMetrics(traffic: RecordSnapshot): Family[] {
  const { served, refused, retried } = traffic;
  const byPlace = served.map((series) => ({ series, labels: placeOf(series) }));
  return [
    gauge('isthmus_requests_in_flight', 'Requests that have come and are not answered in full.', [
      [{}, traffic.inFlight],
    ]),
    counter(
      'isthmus_requests_total',
      'Requests answered by a service, by where they came from, what for, and who answered.',
      byPlace.flatMap(({ series, labels }) =>
        series.byStatusClass.flatMap((count, digit): [LabelSet, number][] =>
          count === 0 ? [] : [[{ ...labels, code: `${digit}xx` }, count]],
        ),
      ),
    ),
    histogram(
      'isthmus_request_duration_seconds',
      'From the arrival of a request to the head of its response, retries included.',
      latencyBoundsMs.map((ms) => ms / 1000),
      byPlace.map(({ series, labels }) => ({
        labels,
        counts: series.latencyBuckets,
        sum: series.latencySumMs / 1000,
      })),
    ),
    counter(
      'isthmus_requests_refused_total',
      'Requests that the gateway answered itself, or that ended without an answer, by reason.',
      refused.map(({ service, code, requests }) => [{ service: service ?? '', code }, requests]),
    ),
    counter(
      'isthmus_retries_total',
      'Tries beyond the first. unsent: the one before provably never arrived.',
      retried.map(({ service, reason, retries }) => [{ service, reason }, retries]),
    ),
  ];
}

function placeOf({
  service,
  cluster,
  tier,
}: {
  readonly service: string;
  readonly cluster: string;
  readonly tier: string;
}): LabelSet {
  return { service, destination_cluster: cluster, tier };
}
