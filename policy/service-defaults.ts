/** Owns the policy that says how the endpoints of a service are spoken to and checked, where they were registered without saying so. */
import { z } from 'zod';
import { type Protocol, protocols } from '../registry/protocols.ts';
import { type Check, checkOf, wholeCheckSchema } from './health-check.ts';

export interface ServiceDefaults {
  readonly protocol?: Protocol;
  readonly check?: Check;
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
  })
  .refine(({ protocol, check }) => protocol !== undefined || check !== undefined, {
    path: ['protocol'],
    message: 'say protocol, check or both: there is nothing else that it could change',
  });

export function defaultsOf({
  protocol,
  check,
}: z.output<typeof writtenDefaultsSchema>): ServiceDefaults {
  return { ...(protocol && { protocol }), ...(check && { check: checkOf(check) }) };
}
