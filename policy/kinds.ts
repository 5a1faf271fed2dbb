/**
 * Owns the kinds of policy that can be written while gateways run, each declared once: its operations, its description and its
 * commands are made from that.
 */
import type { z } from 'zod';
import { type ClusterName, serviceName } from '../core/names.ts';
import { authenticationOf, authenticationSchema } from './authentication.ts';
import { authorizationSchema, clustersIn } from './authorization.ts';
import type { PolicyResource } from './effective.ts';
import { egressOf, writtenEgressSchema } from './egress.ts';
import type { PolicyKindName } from './kind-names.ts';
import { type Known, unknownClusters, unknownService } from './known.ts';
import type { Manifest } from './manifests.ts';
import { rateLimitOf, writtenRateLimitSchema } from './rate-limit.ts';
import { grpcRoute, httpRoute } from './route/gateway-api/translate.ts';
import { routeWarnings } from './route/warnings.ts';
import { routeOf, servicesOf, writtenRouteSchema } from './route.ts';
import { defaultsOf, writtenDefaultsSchema } from './service-defaults.ts';
import { exportOf, serviceExportSchema } from './service-export.ts';
import { balanceOf, timeoutsOf, writtenTrafficSchema } from './traffic-schema.ts';

/** Where a policy was written: `cluster` wrote it, and its gateways go by it. */
interface PolicyPlace {
  readonly cluster: ClusterName;
  readonly namespace: string;
  readonly name: string;
}

/** The same, and when that was. */
interface PolicyWriting extends PolicyPlace {
  /** Wall milliseconds. */
  readonly at: number;
}

export interface PolicyKind<S extends z.ZodObject = z.ZodObject> {
  /** One of them, in a sentence without its full stop. */
  readonly summary: string;
  /** The name of its kind of resource, in snake_case; default its own. */
  readonly resource?: string;
  /** What a policy's name is. */
  readonly naming: string;
  /** What is written, with defaults for all that may be left out; every field is described. What it parses to parses to itself. */
  readonly spec: S;
  /** What it makes the gateways of its cluster do. Throws NAME_INVALID. */
  inForce(place: PolicyWriting, spec: z.output<S>): Nameless<PolicyResource>;
  /** Pure: a sentence, without its full stop, for each reason why it does nothing, or not all that it says. */
  warnings?(place: PolicyPlace, spec: z.output<S>, known: Known): readonly string[];
  /** Documents of other systems that `isthmus apply` takes for one of this kind. */
  readonly manifests?: readonly Manifest[];
}

type Nameless<R> = R extends unknown ? Omit<R, 'name'> : never;

/** Infers a kind's types from its schema. */
function kind<S extends z.ZodObject>(declared: PolicyKind<S>): PolicyKind<S> {
  return declared;
}

/** One that rules name is for no service by its own name. */
function limitedBy(
  namespace: string,
  { service, named }: { readonly service?: string | undefined; readonly named: boolean },
) {
  if (named) return { services: [] };
  return service === undefined ? { namespace } : { service: serviceName(namespace, service) };
}

/** By their names in PascalCase, in which they are written in keys and documents. */
export const policyKinds = {
  TrafficPolicy: kind({
    summary:
      'How requests for a service, or for the services of a namespace, are balanced, tried again and timed',
    naming:
      'Name of the policy in its namespace; of several for the same services the first in order of name holds',
    spec: writtenTrafficSchema,
    inForce: ({ cluster, namespace }, { target: { service, client }, balance, timeouts }) => ({
      kind: 'TrafficPolicy',
      target: {
        ...(service === undefined ? { namespace } : { service: serviceName(namespace, service) }),
        ...(client !== undefined && { client }),
        where: cluster,
      },
      spec: {
        ...(balance && { balance: balanceOf(balance) }),
        ...(timeouts && { timeouts: timeoutsOf(timeouts) }),
      },
    }),
    warnings: ({ namespace }, { target: { service, client }, balance }, known) => [
      ...(service === undefined ? [] : unknownService(known, serviceName(namespace, service))),
      ...(client === undefined ? [] : unknownClusters(known, 'target.client', [client])),
      ...unknownClusters(known, 'balance.clusterOrder', balance?.clusterOrder ?? []),
      ...unknownClusters(
        known,
        'balance.costs',
        balance?.costs.flatMap(({ from, to }) => (from === undefined ? [to] : [from, to])) ?? [],
      ),
      ...unknownClusters(
        known,
        'balance.clusterWeights',
        balance?.clusterWeights.map(({ cluster }) => cluster) ?? [],
      ),
    ],
  }),
  Route: kind({
    summary:
      'Where requests for a host or a service go, by path, fields and the like, and what happens to them on the way',
    naming:
      'Name of the Route in its namespace; of several that fit a request equally well the oldest is used, then the first in order of name',
    spec: writtenRouteSchema,
    inForce: (place, spec) => ({
      kind: 'Route',
      target: { services: servicesOf(place.namespace, spec), where: place.cluster },
      spec: routeOf(place, spec),
    }),
    warnings: (place, spec, known) =>
      routeWarnings(routeOf({ ...place, at: 0 }, spec), servicesOf(place.namespace, spec), known),
    manifests: [httpRoute, grpcRoute],
  }),
  ServiceDefaults: kind({
    summary:
      'What a service is beside its endpoints: its other names, its capacity, clusters that it never leaves to, and how its endpoints are spoken to and checked',
    naming: 'Name of the service in its namespace',
    resource: 'service',
    spec: writtenDefaultsSchema,
    inForce: ({ cluster, namespace, name }, spec) => ({
      kind: 'ServiceDefaults',
      target: { service: serviceName(namespace, name), where: cluster },
      spec: defaultsOf(spec),
    }),
    warnings: ({ namespace, name }, { neverTo }, known) => [
      ...unknownService(known, serviceName(namespace, name)),
      ...unknownClusters(known, 'neverTo', neverTo ?? []),
    ],
  }),
  ServiceExport: kind({
    summary: 'Whether other clusters may use a service of this one, which, and by what name',
    naming: 'Name of the service in its namespace',
    spec: serviceExportSchema,
    inForce: ({ cluster, namespace, name }, spec) => ({
      kind: 'ServiceExport',
      target: { service: serviceName(namespace, name), where: cluster },
      spec: exportOf(spec, serviceName(namespace, name)),
    }),
    warnings: ({ namespace, name }, { to }, known) => [
      ...unknownService(known, serviceName(namespace, name)),
      ...unknownClusters(known, 'to', to ?? []),
    ],
  }),
  RateLimit: kind({
    summary: 'How many requests for a service pass in a time, of all together or of each client',
    naming: 'Name of the policy in its namespace; clients are told it',
    spec: writtenRateLimitSchema,
    inForce: ({ cluster, namespace }, spec) => ({
      kind: 'RateLimit',
      target: {
        ...limitedBy(namespace, spec.target),
        where: cluster,
      },
      spec: rateLimitOf(spec),
    }),
    warnings: ({ namespace }, { target: { service } }, known) =>
      service === undefined ? [] : unknownService(known, serviceName(namespace, service)),
  }),
  Egress: kind({
    summary: 'A host outside of the federation that requests may leave for',
    naming:
      'Name of the policy in its namespace; the host is a service by that name, with metrics, limits and policies as others have',
    spec: writtenEgressSchema,
    inForce: ({ cluster, namespace, name }, spec) => ({
      kind: 'Egress',
      target: { service: serviceName(namespace, name), where: cluster },
      spec: egressOf(spec),
    }),
    warnings: (_place, { via }, known) =>
      via === undefined ? [] : unknownClusters(known, 'via', [via]),
  }),
  Authentication: kind({
    summary:
      'Whose tokens a service, or the services of a namespace, takes, and where one is required',
    naming: 'Name of the policy in its namespace; all that are for a service hold together',
    spec: authenticationSchema,
    inForce: ({ cluster, namespace }, spec) => ({
      kind: 'Authentication',
      target: {
        ...(spec.target.service === undefined
          ? { namespace }
          : { service: serviceName(namespace, spec.target.service) }),
        where: cluster,
      },
      spec: authenticationOf(spec),
    }),
    warnings: ({ namespace }, { target: { service } }, known) =>
      service === undefined ? [] : unknownService(known, serviceName(namespace, service)),
  }),
  Authorization: kind({
    summary: 'Who may ask a service, or the services of a namespace, for what',
    naming: 'Name of the policy in its namespace; all that are for a service hold together',
    spec: authorizationSchema,
    inForce: ({ cluster, namespace }, { target: { service }, ...spec }) => ({
      kind: 'Authorization',
      target: {
        ...(service === undefined ? { namespace } : { service: serviceName(namespace, service) }),
        where: cluster,
      },
      spec,
    }),
    warnings: ({ namespace }, { target: { service }, rules }, known) => [
      ...(service === undefined ? [] : unknownService(known, serviceName(namespace, service))),
      ...unknownClusters(known, 'from.source.clusters', clustersIn(rules)),
    ],
  }),
} as const satisfies Record<PolicyKindName, unknown>;
