/** Owns what the Gateway API's HTTPRoute and GRPCRoute say in the words of a Route, and which of their fields do nothing here. */

import { isLabel } from '../../../core/names.ts';
import { writtenDuration } from '../../../core/written-duration.ts';
import type { Manifest } from '../../manifests.ts';
import {
  type ForeignFilter,
  type GrpcRoute,
  grpcRouteSchema,
  type HttpRoute,
  httpRouteSchema,
} from './schema.ts';

const apiVersion = 'gateway.networking.k8s.io/v1';

type Unhonoured = ReturnType<Manifest['translate']>['unhonoured'][number];
type Path = readonly string[];

/** Gathers what is not honoured. */
class Notes {
  readonly all: Unhonoured[] = [];

  /** Notes the fields of `of` that are there. */
  note<T extends object>(of: T, at: Path, why: { readonly [K in keyof T]?: string }): void {
    for (const [key, text] of Object.entries(why)) {
      const isThere = of[key as keyof T] !== undefined;
      if (isThere) this.all.push({ path: [...at, key], why: text as string });
    }
  }
}

const portOfService =
  'the named port that is registered with this number is meant, and where none is the port that has no name';

interface ObjectRef {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly port?: number | undefined;
}

function backendOf(ref: ObjectRef, at: Path, notes: Notes) {
  notes.note(ref, at, { port: portOfService });
  const { name, namespace, port } = ref;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(port !== undefined && { port }),
  };
}

function filtersOf(filters: readonly ForeignFilter[], at: Path, notes: Notes) {
  return filters.map((filter, i) => {
    const { requestMirror } = filter;
    if (requestMirror === undefined) return filter;
    const where = [...at, String(i), 'requestMirror', 'backendRef'];
    const backendRef = backendOf(requestMirror.backendRef, where, notes);
    return { ...filter, requestMirror: { ...requestMirror, backendRef } };
  });
}

type Rule = (HttpRoute | GrpcRoute)['rules'][number];

/** What rules of both kinds have. */
function commonOf(rule: Rule, at: Path, notes: Notes) {
  const { name, filters, backendRefs, sessionPersistence: session } = rule;
  if (name !== undefined && !isLabel(name)) {
    notes.note(rule, at, {
      name: 'a name has at most 63 lower-case letters, digits and hyphens here',
    });
  }
  return {
    ...(name !== undefined && isLabel(name) && { name }),
    ...(session && { sessionPersistence: sessionOf(session) }),
    filters: filtersOf(filters, [...at, 'filters'], notes),
    backendRefs: backendRefs.map((ref, i) => {
      const where = [...at, 'backendRefs', String(i)];
      return {
        ...backendOf(ref, where, notes),
        weight: ref.weight,
        filters: filtersOf(ref.filters, [...where, 'filters'], notes),
      };
    }),
  };
}

function sessionOf({ absoluteTimeout, idleTimeout, ...same }: Session) {
  return { ...same, ...durations({ absoluteTimeout, idleTimeout }) };
}

type Session = NonNullable<Rule['sessionPersistence']>;

/** What Routes of both kinds have. */
function placeOf(route: HttpRoute | GrpcRoute, notes: Notes) {
  notes.note(route, ['spec'], {
    useDefaultGateways: 'without parentRefs a Route is for all listeners here',
  });
  const parentRefs = route.parentRefs.map((ref, i) => {
    const at = ['spec', 'parentRefs', String(i)];
    notes.note(ref, at, {
      sectionName: 'a parent is meant as a whole here',
      port: 'a parent is meant as a whole here',
    });
    const { kind, name, namespace } = ref;
    if (kind === 'Gateway') notes.note(ref, at, { namespace: 'listeners have no namespace here' });
    return { kind, name, ...(kind === 'Service' && namespace !== undefined && { namespace }) };
  });
  return { parentRefs, hostnames: route.hostnames };
}

function durations<K extends string>(
  of: Readonly<Partial<Record<K, number | undefined>>>,
): Partial<Record<K, string>> {
  const written: Partial<Record<K, string>> = {};
  for (const [key, ms] of Object.entries(of) as [K, number | undefined][]) {
    if (ms !== undefined) written[key] = writtenDuration(ms);
  }
  return written;
}

export const httpRoute: Manifest<typeof httpRouteSchema> = {
  apiVersion,
  kind: 'HTTPRoute',
  spec: httpRouteSchema,
  translate({ spec }) {
    const notes = new Notes();
    const place = placeOf(spec, notes);
    const rules = spec.rules.map((rule, i) => {
      const at = ['spec', 'rules', String(i)];
      const { matches, timeouts, retry } = rule;
      if (retry) {
        notes.note(retry, [...at, 'retry'], {
          backoff: 'it is the most that is waited before a retry here, not the least',
        });
      }
      return {
        ...commonOf(rule, at, notes),
        matches,
        ...(timeouts && { timeouts: durations(timeouts) }),
        ...(retry && { retry: { ...retry, ...durations({ backoff: retry.backoff }) } }),
      };
    });
    return { spec: { ...place, rules }, unhonoured: notes.all };
  },
};

/** Whatever is gRPC. */
const anyGrpc = { type: 'RegularExpression', service: '.+' } as const;

export const grpcRoute: Manifest<typeof grpcRouteSchema> = {
  apiVersion,
  kind: 'GRPCRoute',
  spec: grpcRouteSchema,
  translate({ spec }) {
    const notes = new Notes();
    const place = placeOf(spec, notes);
    const rules = spec.rules.map((rule, i) => {
      const matches = rule.matches.map(({ method, headers }) => ({
        grpc: method ?? anyGrpc,
        headers,
      }));
      return {
        ...commonOf(rule, ['spec', 'rules', String(i)], notes),
        matches: matches.length > 0 ? matches : [{ grpc: anyGrpc, headers: [] }],
      };
    });
    return { spec: { ...place, rules }, unhonoured: notes.all };
  },
};
