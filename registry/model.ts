/** Owns the records of the federated registry: their shapes, and parsing from bytes nobody has vouched for. */
import { z } from 'zod';
import { maxLinks } from '../certs/bundle-chain.ts';
import { readAddress } from '../core/address.ts';
import { IsthmusError } from '../core/errors.ts';
import {
  askedName,
  isLabel,
  parseAskedName,
  parseClusterName,
  parseFederationName,
  parseServiceName,
} from '../core/names.ts';
import { isHost } from '../core/uri-authority.ts';
import { mostPorts, namedPortsSchema, portNameSchema } from './ports.ts';
import { protocols } from './protocols.ts';

export { type Protocol, protocols } from './protocols.ts';

/** Healthy takes traffic; degraded takes it when healthy ones can't carry all; unhealthy only in panic; unknown has not been checked yet. */
const healthStates = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const;
export type Health = (typeof healthStates)[number];

/** Runs a parser that throws coded errors as a zod transform, so that records hold values valid by construction. */
function parsed<T>(parse: (text: string) => T) {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (thrown) {
      context.addIssue({
        code: 'custom',
        message: thrown instanceof Error ? thrown.message : 'invalid',
      });
      return z.NEVER;
    }
  });
}

export const clusterNameSchema = parsed(parseClusterName);
export const federationNameSchema = parsed(parseFederationName);
export const serviceNameSchema = parsed((text) => parseServiceName(text));
/** A service as clients ask for it, perhaps at one of its named ports. */
export const askedNameSchema = parsed((text) => askedName(parseAskedName(text)));
export const labelSchema = z
  .string()
  .refine(isLabel, 'use lower-case letters, digits and inner hyphens, at most 63 characters');
/** `host:port` or `[ipv6]:port`, an IPv6 address with its zone where it is link-local (RFC 4007). */
export const addressSchema = z
  .string()
  .max(260)
  .refine((text) => readAddress(text) !== undefined, 'use host:port, with a port not over 65535');

/** A DNS name, or an IP address without brackets. */
export const hostSchema = z.string().max(253).refine(isHost, 'use an IP address or a DNS name');

/** Name of a network within which gateways reach each other by private addresses; a region where nobody names one. */
export const networkSchema = z.string().min(1).max(63);

const count = z.int().min(0).max(1_000_000);
const wallMs = z.int().min(0);

/** Proof by a cluster's CA key over a record; see `registry/signing.ts`. */
export const signatureSchema = z.strictObject({
  /** SHA-256 of the signing root certificate's DER, base64url. */
  keyId: z.string().min(1).max(64),
  /** ECDSA P-256 with SHA-256 in IEEE P1363 form, base64url. */
  value: z.string().min(1).max(128),
});

const addresses = z.array(addressSchema).max(64);
const zones = z.array(labelSchema).max(64);

const region = z.string().min(1).max(63);
/** Requests per second a cluster can take from others; absent = not stated. */
const capacity = z.number().positive().optional();

/** What one gateway says of its cluster. Those of version 0.1 say the lists alone. */
const gatewayPartSchema = z.object({
  eastWest: addresses,
  federation: addresses,
  zones,
  /** The network in which `private` addresses are reached. */
  network: networkSchema.optional(),
  /** Addresses for the gateways of that network, before the others. */
  private: z.object({ eastWest: addresses, federation: addresses }).optional(),
  region: region.optional(),
  capacity,
});

/** A member cluster: `clusters/<cluster>`. */
export const clusterRecordSchema = z.object({
  cluster: clusterNameSchema,
  region,
  zones,
  trustDomain: z.string().min(1).max(255),
  /** East-west listener addresses other gateways dial. */
  eastWest: addresses.min(1),
  /** Federation gRPC addresses. */
  federation: addresses.min(1),
  /** Version of the protocol between gateways; 1 today. */
  protocolVersion: z.int().min(1),
  capacity,
  /** By id, what each of its gateways says; the above is what they say together. */
  gateways: z.record(labelSchema, gatewayPartSchema).optional(),
  joinedAt: wallMs,
  signature: signatureSchema.optional(),
});

/** A cluster's trust bundle: `bundles/<cluster>`. */
export const bundleRecordSchema = z.object({
  cluster: clusterNameSchema,
  /** SPIFFE bundle as JSON; parsed by `certs/bundle.ts`. */
  bundle: z.unknown(),
  /** How a cluster that has no pin for this one may come to trust it: a member vouches for its roots. */
  admission: z
    .object({
      by: clusterNameSchema,
      /** Fingerprint of the root that is vouched for. */
      fingerprint: z.string().min(1),
      /** When, by the admitting cluster's clock: an admission from before a cluster left does not bring it back. */
      at: wallMs,
      signature: signatureSchema,
      /** That it takes the place of whoever was believed by this name before: for those who still believe that. */
      replaces: signatureSchema.optional(),
    })
    .optional(),
  /** How the bundle came to be what it is, once it was changed: for those who have missed changes. See `certs/bundle-chain.ts`. */
  chain: z
    .array(z.object({ bundle: z.string().max(256 * 1024), signature: signatureSchema }))
    .max(maxLinks)
    .optional(),
  /**
   * The members that this cluster admitted, with the roots they have: said once the root is changed that signed their admissions, so
   * that those who were away meanwhile still believe them.
   */
  vouched: z
    .record(
      clusterNameSchema,
      z.object({
        fingerprints: z.array(z.string().min(1).max(64)).max(64),
        /** When it was admitted, as its admission says. */
        at: wallMs,
        /** Whether it took the place of whoever was believed by this name before. */
        replaces: z.literal(true).optional(),
      }),
    )
    .optional(),
  signature: signatureSchema.optional(),
});

/** A live gateway: `gateways/<cluster>/<id>`, under its lease. */
export const gatewayRecordSchema = z.object({
  cluster: clusterNameSchema,
  id: labelSchema,
  zone: labelSchema,
  version: z.string().max(64),
  /** Mark of the gateway's data folder: tells it from another gateway by the same id. */
  instance: z.string().min(1).max(64).optional(),
  startedAt: wallMs,
  /** Smoothed round trip in milliseconds to each other cluster this gateway has a link to. */
  rttMs: z.record(z.string(), z.number().min(0)),
  /** State of the link to each other cluster. */
  links: z.record(z.string(), z.enum(['connecting', 'up', 'down'])),
  /** Sequence of the bundle that it verifies each cluster's certificates by, its own cluster's included; absent in version 0.1. */
  believes: z.record(z.string(), z.int().min(0)).optional(),
  /** Fingerprint of the root that signed the certificate by which it proves itself; absent in version 0.1. */
  root: z.string().max(64).optional(),
  /** Digests of the settings that all gateways of a cluster should have alike, by key; absent in version 0.1. */
  settings: z.record(z.string().max(160), z.string().max(64)).optional(),
  /** Said last by one that ends in good order; one that is gone without it was lost. */
  ending: z.boolean().optional(),
  signature: signatureSchema.optional(),
});

/** One instance of a service: `endpoints/<cluster>/<namespace>/<service>/<id>`, under its gateway's lease. */
export const endpointRecordSchema = z.object({
  cluster: clusterNameSchema,
  service: serviceNameSchema,
  id: labelSchema,
  address: hostSchema,
  port: z.int().min(1).max(65_535),
  region: z.string().min(1).max(63),
  zone: labelSchema,
  /** Share relative to its siblings, to 1000; 0: it takes nothing. */
  weight: z.int().min(0).max(1000),
  labels: z.record(z.string().max(63), z.string().max(255)),
  protocol: z.enum(protocols),
  /** Those beside `port`, which has no name; absent = none. They are as well as the endpoint is. */
  ports: namedPortsSchema.optional(),
  health: z.enum(healthStates),
  /** Whether other clusters may use the service. */
  exported: z.boolean(),
  /** Id of the gateway that registered and checks it. */
  gateway: labelSchema,
  /** By the cluster's authority, for its own gateways: nobody else reads it. */
  seal: z.string().min(1).max(64).optional(),
});

/** An export summary, by which other clusters know a service: `exports/<cluster>/<namespace>/<service>`. */
export const exportRecordSchema = z.object({
  cluster: clusterNameSchema,
  service: serviceNameSchema,
  protocol: z.enum(protocols),
  localities: z
    .array(
      z.object({
        region: z.string().min(1).max(63),
        zone: labelSchema,
        total: count,
        healthy: count,
        degraded: count,
      }),
    )
    .max(256),
  /** The only clusters that may use it; absent = all. The exporting cluster's gateways see to it in any case. */
  to: z.array(clusterNameSchema).max(256).optional(),
  /** Requests per second that the copies can take together; absent = not stated. */
  capacity: z.number().positive().optional(),
  /** How many of its endpoints have which value of which label; of labels with few values only, such as a version. */
  labels: z
    .record(
      z.string().max(63),
      z.record(z.string().max(255), z.object({ total: count, healthy: count, degraded: count })),
    )
    .optional(),
  /** How many of its endpoints have which named port, and what is spoken there. */
  ports: z
    .record(
      portNameSchema,
      z.object({
        protocol: z.enum(protocols),
        /** Its number, where all of them have the same. */
        port: z.int().min(1).max(65_535).optional(),
        total: count,
        healthy: count,
        degraded: count,
      }),
    )
    .refine((ports) => Object.keys(ports).length <= mostPorts, `at most ${mostPorts} ports`)
    .optional(),
  updatedAt: wallMs,
  signature: signatureSchema.optional(),
});

/** Canary: this cluster's records are complete: `synced/<cluster>`, under its gateway's lease. */
export const syncedRecordSchema = z.object({
  cluster: clusterNameSchema,
  gateway: labelSchema,
  at: wallMs,
  signature: signatureSchema.optional(),
});

/** A departure says that a cluster is no member any more: `departures/<cluster>`, until it is admitted again. Without it, missing records were lost. */
export const departureRecordSchema = z.object({
  cluster: clusterNameSchema,
  /** The cluster itself where it left, another where it was evicted. */
  by: clusterNameSchema,
  at: wallMs,
  /** By a member: the one that left, or any that evicted it, or did so for another. */
  signature: signatureSchema.optional(),
});

/** A join token, of which only the hash is kept: `tokens/<cluster>/<id>`. */
export const tokenRecordSchema = z.object({
  id: labelSchema,
  /** SHA-256 of the secret, base64url. */
  hash: z.string().min(1).max(64),
  createdBy: clusterNameSchema,
  createdAt: wallMs,
  expiresAt: wallMs,
  /** The cluster in whose place it admits another of that name. */
  replaces: clusterNameSchema.optional(),
  /** The cluster that used it; a used token stays until it expires, so that a second use is told apart from a wrong one. */
  usedBy: clusterNameSchema.optional(),
  /** By its creator, so that writing to the registry is not enough to be admitted. */
  signature: signatureSchema.optional(),
});

export type Signature = z.output<typeof signatureSchema>;
export type ClusterRecord = z.output<typeof clusterRecordSchema>;
export type BundleRecord = z.output<typeof bundleRecordSchema>;
export type GatewayRecord = z.output<typeof gatewayRecordSchema>;
export type EndpointRecord = z.output<typeof endpointRecordSchema>;
export type ExportRecord = z.output<typeof exportRecordSchema>;
export type SyncedRecord = z.output<typeof syncedRecordSchema>;
export type DepartureRecord = z.output<typeof departureRecordSchema>;
export type TokenRecord = z.output<typeof tokenRecordSchema>;

/** Parses a registry value. Throws RECORD_INVALID naming the key and the first field that is wrong. */
export function parseRecord<S extends z.ZodType>(
  schema: S,
  key: string,
  value: Uint8Array | string,
): z.output<S> {
  const text = typeof value === 'string' ? value : new TextDecoder().decode(value);
  return recordOf(schema, key, parseJson(key, text));
}

/** Throws RECORD_INVALID naming the key. */
export function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IsthmusError('RECORD_INVALID', { what: 'The value is not JSON', where: key, cause });
  }
}

/** The record that a value's JSON is. Throws RECORD_INVALID naming the key and the first field that is wrong. */
export function recordOf<S extends z.ZodType>(schema: S, key: string, json: unknown): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new IsthmusError('RECORD_INVALID', {
    what: path === '' ? (issue?.message ?? 'invalid') : `${path}: ${issue?.message}`,
    where: key,
  });
}
