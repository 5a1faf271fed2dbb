/** Owns the metrics of requests: who asked for what, who answered, how often, how well, how fast, and why not. */
import type { ClusterName } from '../../../core/names.ts';
import {
  latencyBoundsMs,
  type RecordSnapshot,
  type ServedSeries,
} from '../../data/observe/series.ts';
import type { Exemplars } from './exemplars.ts';
import { counter, type Family, gauge, histogram, type LabelSet } from './family.ts';

/**
 * Labels are bounded by what is configured: services, clusters and tiers. Paths, addresses and endpoints are never
 * among them, names of callers only as many as are told apart (`metrics.principalsPerService`); statuses are told by their class. A request across clusters is counted by the gateway that its client
 * asked (`reporter="source"`) and by the one that it sent it on to (`reporter="destination"`), as service meshes do.
 * `self` is the cluster of this gateway.
 */
export function trafficMetrics(
  traffic: RecordSnapshot,
  self: ClusterName,
  exemplars: Pick<Exemplars, 'of'> = { of: () => [] },
): Family[] {
  const { served, refused, refusedConnections, retried, decided, shut, named } = traffic;
  const byPlace = served.map((series) => ({ series, labels: labelsOf(series, self) }));
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
    counter(
      'isthmus_requests_by_principal_total',
      'Requests answered by a service whose callers proved a name by a certificate, by that name.',
      named.flatMap(({ service, source, principal, byStatusClass }) => {
        const labels = { service, ...askedBy(source, self), source_principal: principal };
        return byStatusClass.flatMap((count, digit): [LabelSet, number][] =>
          count === 0 ? [] : [[{ ...labels, code: `${digit}xx` }, count]],
        );
      }),
    ),
    histogram(
      'isthmus_request_duration_seconds',
      'From the arrival of a request to the head of its response, retries included.',
      latencyBoundsMs.map((ms) => ms / 1000),
      byPlace.map(({ series, labels }) => ({
        labels,
        counts: series.latencyBuckets,
        sum: series.latencySumMs / 1000,
        exemplars: exemplars.of(series),
      })),
    ),
    counter(
      'isthmus_request_bytes_total',
      'Octets of request bodies, and of tunnels, that came for a service.',
      byPlace.map(({ series, labels }) => [labels, series.requestBytes]),
    ),
    counter(
      'isthmus_response_bytes_total',
      'Octets of response bodies, and of tunnels, that a service sent.',
      byPlace.map(({ series, labels }) => [labels, series.responseBytes]),
    ),
    counter(
      'isthmus_requests_refused_total',
      'Requests that the gateway answered itself, or that ended without an answer, by reason.',
      refused.map(({ service = '', code, source, requests }) => [
        { service, ...askedBy(source, self), code },
        requests,
      ]),
    ),
    counter(
      'isthmus_connections_refused_total',
      'Connections that were refused, or ended for what came on them, by reason.',
      refusedConnections.map(({ reason, source, connections }) => [
        { ...askedBy(source, self), reason },
        connections,
      ]),
    ),
    counter(
      'isthmus_retries_total',
      'Tries beyond the first. unsent: the one before provably never arrived; hedge: it was not answered yet.',
      retried.map(({ service, reason, retries }) => [{ service, reason }, retries]),
    ),
    counter(
      'isthmus_circuit_open_total',
      'Tries that a circuit breaker turned away from a cluster: they went elsewhere, or were refused.',
      shut.map(({ service, cluster, breaker, tries }) => [
        { service, destination_cluster: cluster, breaker },
        tries,
      ]),
    ),
    counter(
      'isthmus_policy_decisions_total',
      'Requests about which a written policy decided something, by policy and outcome.',
      decided.map(({ policy, outcome, requests }) => [{ policy, outcome }, requests]),
    ),
  ];
}

function labelsOf(series: ServedSeries, self: ClusterName): LabelSet {
  const { service, source, cluster, tier, protocol } = series;
  return { service, ...askedBy(source, self), destination_cluster: cluster, tier, protocol };
}

function askedBy(source: ClusterName | undefined, self: ClusterName): LabelSet {
  return source === undefined
    ? { reporter: 'source', source_cluster: self }
    : { reporter: 'destination', source_cluster: source };
}
