/** Owns the policy that says how the endpoints of a service are spoken to and checked: over TLS or not, and else where they were registered without saying so. */
import { z } from 'zod';
import { type Protocol, protocols } from '../registry/protocols.ts';
import { type EndpointTls, endpointTlsSchema } from './endpoint-tls.ts';
import { type Check, checkOf, wholeCheckSchema } from './health-check.ts';

export interface ServiceDefaults {
  readonly protocol?: Protocol;
  readonly check?: Check;
  /** Absent: clear text. */
  readonly tls?: EndpointTls;
}

export const writtenDefaultsSchema = z
  .strictObject({
    protocol: z
      .enum(protocols)
      .optional()
      .describe('Protocol of endpoints that are registered without one'),
    check: wholeCheckSchema
      .optional()
      .describe('How endpoints that are registered without a check are checked'),
    tls: endpointTlsSchema
      .optional()
      .describe(
        'Endpoints, unless their protocol is tls, are spoken to and checked over TLS, and only where their certificate is as this says. Default: in clear text',
      ),
  })
  .refine((said) => Object.values(said).some((one) => one !== undefined), {
    path: ['protocol'],
    message: 'say protocol, check or tls: there is nothing else that it could change',
  });

export function defaultsOf({
  protocol,
  check,
  tls,
}: z.output<typeof writtenDefaultsSchema>): ServiceDefaults {
  return {
    ...(protocol && { protocol }),
    ...(check && { check: checkOf(check) }),
    ...(tls && { tls }),
  };
}
