/** Owns addresses in the configuration. */
import { z } from 'zod';
import { isWildcard, readAddress } from '../../../core/address.ts';
import { addressSchema } from '../../../registry/model.ts';

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
