/** Owns the part of the configuration for the registry: hosted here, hosted by another gateway, or an etcd. */
import { z } from 'zod';
import { durationSchema } from '../../../core/duration.ts';
import { addressSchema, clusterNameSchema } from '../../../registry/model.ts';
import { dialedAddressSchema } from './addresses.ts';

export const etcdSchema = z
  .strictObject({
    endpoints: z
      .array(z.string().regex(/^https?:\/\/[^\s/]+$/, 'use http://host:port or https://host:port'))
      .min(1),
    /** PEM files: the authority of etcd's certificate, and this cluster's client certificate. */
    ca: z.string().optional(),
    cert: z.string().optional(),
    key: z.string().optional(),
    serverName: z.string().optional(),
    username: z.string().optional(),
    passwordFile: z.string().optional(),
    /** How much history gateways leave etcd that nobody else compacts, and how often they look; 0: they never compact. */
    compactAfter: durationSchema.default(3_600_000),
    /** Set on the first cluster of a federation only: others join with a token. */
    found: z.boolean().default(false),
  })
  .refine(
    ({ cert, key }) => (cert === undefined) === (key === undefined),
    'give both cert and key, or neither',
  )
  .refine(
    ({ ca, cert, serverName }) =>
      ca !== undefined || (cert === undefined && serverName === undefined),
    'cert, key and serverName need a ca',
  )
  .refine(
    ({ username, passwordFile }) => (username === undefined) === (passwordFile === undefined),
    'give both username and passwordFile, or neither',
  );

const embeddedSchema = z.strictObject({
  /** The address at which the embedded registry listens, with mTLS. */
  listen: addressSchema,
  /** The address at which other clusters reach the embedded registry; default `listen`. */
  advertise: dialedAddressSchema.optional(),
});

const hostSchema = z.strictObject({
  /** The cluster whose gateway hosts the registry: that one alone may answer for it. */
  cluster: clusterNameSchema,
  /** Where its embedded registry is reached. */
  endpoints: z.array(dialedAddressSchema).min(1).max(64),
});

export type EtcdConfig = z.output<typeof etcdSchema>;

/** An embedded registry, here, at another gateway, or here in the place of another's; or an etcd. */
type RegistryConfig =
  | {
      readonly embedded?: z.output<typeof embeddedSchema> | undefined;
      readonly host?: z.output<typeof hostSchema> | undefined;
      readonly etcd?: undefined;
    }
  | { readonly embedded?: undefined; readonly host?: undefined; readonly etcd: EtcdConfig };

export const registrySchema = z
  .strictObject({
    embedded: embeddedSchema.optional(),
    host: hostSchema.optional(),
    etcd: etcdSchema.optional(),
  })
  .transform(({ embedded, host, etcd }, context): RegistryConfig => {
    const isEmbedded = embedded !== undefined || host !== undefined;
    if (etcd && !isEmbedded) return { etcd };
    if (isEmbedded && !etcd) return { embedded, ...(host && { host }) };
    context.addIssue({ code: 'custom', message: 'give either etcd, or embedded, host or both' });
    return z.NEVER;
  });
