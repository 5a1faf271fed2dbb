/** Owns addresses in the configuration. */
import { z } from 'zod';
import { isWildcard, readAddress } from '../../../core/address.ts';
import { addressSchema } from '../../../registry/model.ts';
import { refuseTwice } from './lists.ts';

/** The addresses at which the admin API listens. */
export const adminAddressSchema = z.union([
  addressSchema,
  z.string().regex(/^unix:\/./, 'use host:port or unix:/path'),
]);

/** An address that others dial: not port 0, and no host that stands for all of a machine's. */
export const dialedAddressSchema = addressSchema
  .refine((text) => !/:0+$/.test(text), 'port 0 can not be dialed')
  .refine(
    (text) => !isWildcard(readAddress(text)?.host ?? ''),
    'nobody can dial a wildcard: give a DNS name or an IP address that the others reach',
  );

/** An address by which others reach this gateway: everybody, or those in its network alone, who try it first. */
const advertisedSchema = z.union([
  dialedAddressSchema,
  z.strictObject({
    address: dialedAddressSchema,
    scope: z.enum(['private', 'public']).default('public'),
  }),
]);

export type Advertised = z.output<typeof advertisedSchema>;

export const advertisedListSchema = z
  .array(advertisedSchema)
  .min(1)
  .superRefine(refuseTwice('', addressOf))
  .refine(
    (all) => all.some((one) => scopeOf(one) === 'public'),
    'gateways of other networks need one as well: add an address that they reach, or leave the scope out',
  );

export function addressOf(one: Advertised): string {
  return typeof one === 'string' ? one : one.address;
}

export function scopeOf(one: Advertised): 'private' | 'public' {
  return typeof one === 'string' ? 'public' : one.scope;
}

/** The network that a gateway is in. */
export function networkOf({ network, region }: { network?: string | undefined; region: string }) {
  return network ?? region;
}
