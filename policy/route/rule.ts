/** Owns one rule of a Route as gateways go by it: plain data, its filters gathered by what they do. */
import { msOf } from '../../core/duration.ts';
import { type ClusterName, type ServiceName, serviceName } from '../../core/names.ts';
import type { AffinityPolicy } from '../traffic/affinity.ts';
import type { WrittenFilter } from './filter-schema.ts';
import type { WrittenMatch } from './match-schema.ts';
import type { WrittenRule } from './rule-schema.ts';
import { sessionOf } from './session-schema.ts';

/** Names are as they were written. */
export interface RouteFieldChanges {
  readonly set: readonly RouteField[];
  readonly add: readonly RouteField[];
  readonly remove: readonly string[];
}

interface RouteField {
  readonly name: string;
  readonly value: string;
}

/** A service, whole or in part. */
export interface BackendTarget {
  readonly service: ServiceName;
  readonly cluster?: ClusterName;
  readonly subset?: Readonly<Record<string, string>>;
  /** Name of a port, or its number; absent: the one that was asked for. */
  readonly port?: string | number | undefined;
}

export interface RouteMirror extends BackendTarget {
  /** Of 1. */
  readonly share: number;
}

export type RouteRedirect = NonNullable<WrittenFilter['requestRedirect']>;
export type RouteRewrite = NonNullable<WrittenFilter['urlRewrite']>;
export type RouteCors = NonNullable<WrittenFilter['cors']>;
export type RouteMatch = WrittenMatch;

/** The filters of a rule or of a backend. */
export interface RouteFilters {
  readonly request?: RouteFieldChanges;
  readonly response?: RouteFieldChanges;
  readonly redirect?: RouteRedirect;
  readonly rewrite?: RouteRewrite;
  readonly cors?: RouteCors;
  readonly mirrors: readonly RouteMirror[];
}

interface RouteBackend extends BackendTarget, RouteFilters {
  readonly weight: number;
}

type Header = NonNullable<WrittenMatch['headers']>[number];

/** Shares are of 1. */
export interface RouteFault {
  readonly delay?: { readonly ms: number; readonly share: number; readonly header?: Header };
  readonly abort?: {
    readonly httpStatus?: number;
    readonly grpcStatus?: number;
    readonly share: number;
    readonly header?: Header;
  };
}

/** What a rule says of retries; what is absent is the service's to say. */
interface RouteRetry {
  readonly statuses?: readonly number[];
  readonly maxTries?: number;
  readonly backoffMs?: number;
}

export interface RouteRule extends RouteFilters {
  readonly name?: string;
  readonly matches: readonly RouteMatch[];
  readonly backends: readonly RouteBackend[];
  readonly requestMs?: number;
  readonly perTryMs?: number;
  readonly retry?: RouteRetry;
  readonly session?: AffinityPolicy;
  readonly fault?: RouteFault;
  readonly directResponse?: NonNullable<WrittenRule['directResponse']>;
  /** Name of a RateLimit in the Route's namespace, or of the federation's there. */
  readonly rateLimit?: string;
}

/** `namespace`: the Route's; `place`: what tells the rule from those of all Routes. */
export function ruleOf(written: WrittenRule, namespace: string, place: string): RouteRule {
  const { name, matches, filters, backendRefs, timeouts, retry, fault } = written;
  const { directResponse, rateLimit, sessionPersistence: session } = written;
  return {
    ...(name !== undefined && { name }),
    matches,
    ...filtersOf(filters, namespace),
    backends: backendRefs.map((backend) => ({
      ...targetOf(backend, namespace),
      ...filtersOf(backend.filters, namespace),
      weight: backend.weight,
    })),
    ...(timeouts?.request !== undefined && { requestMs: msOf(timeouts.request) }),
    ...(timeouts?.backendRequest !== undefined && { perTryMs: msOf(timeouts.backendRequest) }),
    ...(retry && { retry: retryOf(retry) }),
    ...(session && { session: sessionOf(session, place) }),
    ...(fault && { fault: faultOf(fault) }),
    ...(directResponse && { directResponse }),
    ...(rateLimit !== undefined && { rateLimit }),
  };
}

interface WrittenBackend {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly cluster?: ClusterName | undefined;
  readonly subset?: Readonly<Record<string, string>> | undefined;
  readonly portName?: string | undefined;
  readonly port?: number | undefined;
}

function targetOf(written: WrittenBackend, home: string): BackendTarget {
  const { name, namespace = home, cluster, subset } = written;
  const port = written.portName ?? written.port;
  return {
    service: serviceName(namespace, name),
    ...(cluster !== undefined && { cluster }),
    ...(subset && { subset }),
    ...(port !== undefined && { port }),
  };
}

function filtersOf(filters: readonly WrittenFilter[], namespace: string): RouteFilters {
  const found: { -readonly [K in keyof Omit<RouteFilters, 'mirrors'>]: RouteFilters[K] } = {};
  const mirrors: RouteMirror[] = [];
  for (const filter of filters) {
    const { requestHeaderModifier, responseHeaderModifier, requestMirror } = filter;
    if (requestHeaderModifier) found.request = requestHeaderModifier;
    if (responseHeaderModifier) found.response = responseHeaderModifier;
    if (filter.requestRedirect) found.redirect = filter.requestRedirect;
    if (filter.urlRewrite) found.rewrite = filter.urlRewrite;
    if (filter.cors) found.cors = filter.cors;
    if (requestMirror) {
      const { backendRef, percent = 100, fraction } = requestMirror;
      const share = fraction ? fraction.numerator / fraction.denominator : percent / 100;
      mirrors.push({ ...targetOf(backendRef, namespace), share });
    }
  }
  return { ...found, mirrors };
}

function retryOf({ codes, attempts, backoff }: NonNullable<WrittenRule['retry']>): RouteRetry {
  return {
    ...(codes && { statuses: codes }),
    ...(attempts !== undefined && { maxTries: attempts + 1 }),
    ...(backoff !== undefined && { backoffMs: msOf(backoff) }),
  };
}

function faultOf({ delay, abort }: NonNullable<WrittenRule['fault']>): RouteFault {
  return {
    ...(delay && {
      delay: {
        ms: msOf(delay.duration),
        share: delay.percentage / 100,
        ...(delay.header && { header: delay.header }),
      },
    }),
    ...(abort && {
      abort: {
        ...(abort.httpStatus !== undefined && { httpStatus: abort.httpStatus }),
        ...(abort.grpcStatus !== undefined && { grpcStatus: abort.grpcStatus }),
        share: abort.percentage / 100,
        ...(abort.header && { header: abort.header }),
      },
    }),
  };
}
