/** Owns the policy that says what a service is beside its endpoints: its other names, where it may be, what it can take; and how its endpoints are spoken to and checked. */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { ClusterName } from '../core/names.ts';
import { hostIn, isHost } from '../core/uri-authority.ts';
import { clusterNameSchema } from '../registry/model.ts';
import { type NamedPort, writtenPortsSchema } from '../registry/ports.ts';
import { type Protocol, protocols } from '../registry/protocols.ts';
import { type EndpointTls, endpointTlsSchema } from './endpoint-tls.ts';
import { type Check, checkOf, wholeCheckSchema } from './health-check.ts';

export interface ServiceDefaults {
  readonly protocol?: Protocol;
  readonly check?: Check;
  readonly ports?: readonly NamedPort[];
  /** Absent: clear text. */
  readonly tls?: EndpointTls;
  /** Hosts, in lower case, that lead to it where nobody has a service by that name. */
  readonly aliases?: readonly string[];
  /** Requests a second that its copies in this cluster can take. */
  readonly capacity?: number;
  /** Other clusters that its requests are never sent to from here. */
  readonly neverTo?: readonly ClusterName[];
}

const hostAlias = z
  .string()
  .max(253)
  .refine(
    (text) => isHost(text) && isIP(text) === 0 && text === hostIn(text),
    'use a DNS name in lower case, without a port',
  );

export const writtenDefaultsSchema = z
  .strictObject({
    protocol: z
      .enum(protocols)
      .optional()
      .describe('Protocol of endpoints that are registered without one'),
    ports: writtenPortsSchema
      .optional()
      .describe(
        'Ports with a name of endpoints that are registered without any, beside the one that has none: clients ask for them as `<port>.<service>.<namespace>.<federation>`',
      ),
    check: wholeCheckSchema
      .optional()
      .describe('How endpoints that are registered without a check are checked'),
    tls: endpointTlsSchema
      .optional()
      .describe(
        'Endpoints, unless their protocol is tls, are spoken to and checked over TLS, and only where their certificate is as this says. Default: in clear text',
      ),
    aliases: z
      .array(hostAlias)
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Other hosts by which clients here may ask for the service, of the federation or outside of it; they lead to it where nobody has a service by that name',
      ),
    capacity: z
      .number()
      .positive()
      .max(1e9)
      .optional()
      .describe(
        'Requests a second that its copies in this cluster can take: no drill begins that would ask more of them than its guardrail on load allows',
      ),
    neverTo: z
      .array(clusterNameSchema)
      .min(1)
      .max(256)
      .optional()
      .describe(
        "Clusters that requests for the service are never sent to from this cluster's gateways, whatever else fails",
      ),
  })
  .refine((said) => Object.values(said).some((one) => one !== undefined), {
    path: ['protocol'],
    message: 'say at least one thing',
  });

export function defaultsOf({
  check,
  ...said
}: z.output<typeof writtenDefaultsSchema>): ServiceDefaults {
  const others = Object.entries(said).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(others), ...(check && { check: checkOf(check) }) };
}
