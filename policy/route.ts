/**
 * Owns the policy that says where requests go and what happens to them on the way; its shape and its meaning are those of the
 * Gateway API's HTTPRoute and GRPCRoute, version 1.5, with some fields of ours.
 */
import { z } from 'zod';
import { type ServiceName, serviceName } from '../core/names.ts';
import { hostnameSchema, parentRefSchema } from './route/backend-schema.ts';
import { type RouteRule, ruleOf } from './route/rule.ts';
import { ruleSchema } from './route/rule-schema.ts';

/** Most matches of all rules together, as in the Gateway API. */
const mostMatches = 128;

export const writtenRouteSchema = z
  .strictObject({
    parentRefs: z
      .array(parentRefSchema)
      .max(32)
      .default([])
      .describe('Whose requests it is for; default those for the hostnames, at all listeners'),
    hostnames: z
      .array(hostnameSchema)
      .max(64)
      .default([])
      .describe(
        'Hosts, exactly or by *. for all below, that requests at listeners are for; default any, where a Gateway is named',
      ),
    rules: z.array(ruleSchema).min(1).max(128).describe('What becomes of which requests'),
  })
  .superRefine(({ parentRefs, hostnames, rules }, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (parentRefs.length === 0 && hostnames.length === 0) {
      complain(['hostnames'], 'name hosts, or a Service or Gateway in parentRefs');
    }
    if (hostnames.length > 0 && parentRefs.length > 0 && !parentRefs.some(isGateway)) {
      complain(['hostnames'], 'a Service is asked for by its own name: name a Gateway as well');
    }
    const names = new Set<string>();
    for (const [i, { name }] of rules.entries()) {
      if (name === undefined) continue;
      if (names.has(name)) complain(['rules', i, 'name'], `there is a rule ${name} already`);
      names.add(name);
    }
    const matches = rules.reduce((sum, rule) => sum + Math.max(1, rule.matches.length), 0);
    if (matches > mostMatches) {
      complain(
        ['rules'],
        `it has ${matches} matches, ${mostMatches} is the most: make several Routes`,
      );
    }
  });

function isGateway({ kind }: { readonly kind: string }): boolean {
  return kind === 'Gateway';
}

type WrittenRoute = z.output<typeof writtenRouteSchema>;

/** A Route as gateways go by it. */
export interface RouteSpec {
  /** When it was written, wall milliseconds: of two for the same requests the older comes first. */
  readonly at: number;
  readonly namespace: string;
  readonly name: string;
  /** Hosts of its own, at the listeners; none: any. */
  readonly hosts: readonly string[];
  /** Names of listeners where it is for the hosts; undefined: all. Empty: none. */
  readonly listeners: readonly string[] | undefined;
  readonly rules: readonly RouteRule[];
}

interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly at: number;
}

export function routeOf(
  { namespace, name, at }: Place,
  { parentRefs, hostnames, rules }: WrittenRoute,
): RouteSpec {
  const gateways = parentRefs.filter(isGateway).map((parent) => parent.name);
  return {
    at,
    namespace,
    name,
    hosts: hostnames,
    listeners: parentRefs.length === 0 ? undefined : gateways,
    rules: rules.map((rule, i) =>
      ruleOf(rule, namespace, `${namespace}/${name}/${rule.name ?? i}`),
    ),
  };
}

/** The services whose requests it governs by their own names. */
export function servicesOf(namespace: string, { parentRefs }: WrittenRoute): ServiceName[] {
  const services = parentRefs
    .filter(({ kind }) => kind === 'Service')
    .map((parent) => serviceName(parent.namespace ?? namespace, parent.name));
  return [...new Set(services)];
}
