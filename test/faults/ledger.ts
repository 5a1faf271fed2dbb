/** Owns what a client and a service note of requests, and holding the two against each other. */

export type Method = 'GET' | 'POST';

/** One request, as its client saw it. Moments are milliseconds of the machine's monotonic clock, the same for all processes. */
export interface Asked {
  /** No other request ever has it. */
  readonly id: string;
  readonly method: Method;
  /** Datacenter of the client. */
  readonly from: string;
  readonly service: string;
  /** Gateway that was asked, `dc1/g1`. */
  readonly gateway: string;
  readonly sentAt: number;
  readonly doneAt: number;
  /** Cluster that answered it well. */
  readonly cluster?: string;
  /** Why it failed; absent when it did not. */
  readonly error?: string;
}

/** How often each request was executed, by its id, wherever that was. */
export type Executed = ReadonlyMap<string, number>;

/**
 * What was killed, stopped or cut: a gateway, or the way from the clients of one datacenter, or of all, to the services of
 * another. Requests that were on it, from when it began until others could know of it, may fail.
 */
export interface Loss {
  readonly what:
    | { readonly kind: 'gateway'; readonly gateway: string }
    | { readonly kind: 'way'; readonly from?: string; readonly to: string };
  readonly from: number;
  readonly until: number;
}

/** A datacenter out of which no way leads: what has no copy in it can't be had there. */
export interface Isolation {
  readonly datacenter: string;
  readonly from: number;
  readonly until: number;
}

/** What happened to the scene while requests were sent. */
interface Circumstances {
  readonly losses: readonly Loss[];
  readonly isolations: readonly Isolation[];
  /** Datacenters that have a copy of a service. */
  readonly copiesOf: (service: string) => readonly string[];
}

export interface Counted {
  /** In flight on what was lost. */
  readonly onLost: number;
  readonly other: number;
}

export interface Account {
  readonly requests: number;
  /** Of those that no copy was within reach for: they may fail, and are counted nowhere else. */
  readonly outOfReach: number;
  readonly failed: Readonly<Record<Method, Counted>>;
  /** POSTs that failed, and were executed all the same. */
  readonly executedThoughFailed: number;
  /** Executed more than once. */
  readonly twice: Readonly<Record<Method, Counted>>;
  /** Answered well, and executed nowhere. */
  readonly unexecuted: number;
  /** Longest time in which the clients of a datacenter got no good answer of a service. */
  readonly longestGapMs: number;
  /** Some of those that failed and should not have, in words. */
  readonly examples: readonly string[];
}

/** Services are asked of a cluster if it answered one of their requests not longer before than this. */
const lately = 3_000;
const mostExamples = 5;

export function holdAgainst(
  asked: readonly Asked[],
  executed: Executed,
  circumstances: Circumstances,
): Account {
  const reachable = asked.filter((one) => !isOutOfReach(one, circumstances));
  const failed = reachable.filter(({ error }) => error !== undefined);
  const twice = reachable.filter(({ id }) => (executed.get(id) ?? 0) > 1);
  const isOnLost = lossesOf(reachable, circumstances.losses);
  const count = (of: readonly Asked[], wanted: Method): Counted => {
    const some = of.filter(({ method }) => method === wanted);
    const onLost = some.filter(isOnLost).length;
    return { onLost, other: some.length - onLost };
  };
  const unexplained = [...failed, ...twice].filter((one) => !isOnLost(one));
  return {
    requests: reachable.length,
    outOfReach: asked.length - reachable.length,
    failed: { GET: count(failed, 'GET'), POST: count(failed, 'POST') },
    executedThoughFailed: failed.filter(({ id, method }) => method === 'POST' && executed.has(id))
      .length,
    twice: { GET: count(twice, 'GET'), POST: count(twice, 'POST') },
    unexecuted: reachable.filter(({ id, error }) => error === undefined && !executed.has(id))
      .length,
    longestGapMs: longestGap(reachable, circumstances.isolations),
    examples: unexplained.slice(0, mostExamples).map(inWords),
  };
}

function isOutOfReach(
  { from, service, sentAt, doneAt }: Asked,
  { isolations, copiesOf }: Circumstances,
): boolean {
  return isolations.some(
    (isolation) =>
      isolation.datacenter === from &&
      sentAt <= isolation.until &&
      doneAt >= isolation.from &&
      !copiesOf(service).includes(from),
  );
}

/** Tells of a request whether it may have been in flight on one of `losses`. */
function lossesOf(asked: readonly Asked[], losses: readonly Loss[]): (request: Asked) => boolean {
  return (request) =>
    losses.some(({ what, from, until }) => {
      if (request.sentAt > until || request.doneAt < from) return false;
      if (what.kind === 'gateway' && request.gateway === what.gateway) return true;
      const to = what.kind === 'gateway' ? (what.gateway.split('/')[0] ?? '') : what.to;
      if (what.kind === 'way' && what.from !== undefined && what.from !== request.from)
        return false;
      // Within its own datacenter a request goes to no other gateway.
      if (request.from === to) return false;
      return asked.some(
        (other) =>
          other.cluster === to &&
          other.from === request.from &&
          other.service === request.service &&
          other.doneAt >= from - lately &&
          other.sentAt <= until,
      );
    });
}

function longestGap(asked: readonly Asked[], isolations: readonly Isolation[]): number {
  const isolated = new Set(isolations.map(({ datacenter }) => datacenter));
  const streams = Map.groupBy(
    // Of an isolated datacenter what is asked of others tells nothing; the rest is asked of itself.
    asked.filter(({ from, cluster }) => !isolated.has(from) || cluster === from),
    ({ from, service }) => `${from} ${service}`,
  );
  const gaps = [...streams.values()].map((stream) => {
    const sent = stream.map(({ sentAt }) => sentAt);
    const good = stream.filter(({ error }) => error === undefined).map(({ doneAt }) => doneAt);
    const moments = [Math.min(...sent), ...good.sort((a, b) => a - b), Math.max(...sent)];
    return moments.slice(1).reduce((most, at, i) => Math.max(most, at - (moments[i] ?? at)), 0);
  });
  return Math.max(0, ...gaps);
}

/**
 * How long after `lostAt` it took until the clients, through each gateway that had sent requests for a service to `cluster`, were answered
 * by another one; undefined where none had, and Infinity where it never happened.
 */
export function outOfRotationAfter(
  asked: readonly Asked[],
  cluster: string,
  lostAt: number,
): number | undefined {
  const before = asked.filter(
    (one) =>
      one.cluster === cluster &&
      one.from !== cluster &&
      one.doneAt < lostAt &&
      one.doneAt > lostAt - lately,
  );
  const key = ({ gateway, service }: Asked) => `${gateway} ${service}`;
  const times = [...new Set(before.map(key))].map((stream) => {
    const elsewhere = asked.filter(
      (one) =>
        key(one) === stream &&
        one.error === undefined &&
        one.cluster !== cluster &&
        one.sentAt >= lostAt,
    );
    return Math.min(...elsewhere.map(({ doneAt }) => doneAt)) - lostAt;
  });
  return times.length === 0 ? undefined : Math.max(...times);
}

function inWords({ id, method, from, gateway, service, sentAt, doneAt, error }: Asked): string {
  const how = error ?? 'executed more than once';
  return `${method} ${id} of ${from} for ${service} at ${gateway}, after ${Math.round(doneAt - sentAt)} ms: ${how}`;
}
