/** Owns the shapes of the member clusters: how they are reached, and how each one's trust bundle stands. */
import { z } from 'zod';
import { address, count, list, milliseconds, moment, named, object } from './shape.ts';

export const clusterItemSchema = named('Cluster', 'A member cluster, as this gateway reaches it', {
  cluster: z.string(),
  region: z.string(),
  zones: list(z.string()),
  trustDomain: z.string(),
  /** `suspect`: its links stand, and nothing is heard by them for now. */
  state: z.enum(['self', 'up', 'suspect', 'connecting', 'down', 'stale']),
  rttMs: milliseconds.optional(),
  /** Since when what is told of its copies can't be confirmed: no link to it is up. Absent while one is. */
  unknownSince: moment.optional(),
  /** The cluster's records in the registry could not be confirmed lately. */
  stale: z.boolean(),
  /** Gateways that are alive. */
  gateways: count,
  eastWest: list(address),
  federation: list(address),
  bundle: object({
    /** SHA-256 of each root certificate's DER, base64url: what a join token pins, and `join` shows. */
    fingerprints: list(z.string()),
    sequence: count,
    /** End of the root that ends first; absent where no bundle is known. */
    notAfter: moment.optional(),
  }),
  /** Requests per second it says it can take from others. */
  capacity: z.number().optional(),
  /** Links from this cluster to the others, as its gateways publish them. */
  links: list(
    object({
      cluster: z.string(),
      state: z.enum(['up', 'connecting', 'down']),
      rttMs: milliseconds.optional(),
    }),
  ),
  /** Absent while it is in no federation. */
  joinedAt: moment.optional(),
});

export const trustItemSchema = named('Trust', "How a cluster's trust bundle stands", {
  cluster: z.string(),
  trustDomain: z.string(),
  sequence: count,
  /** SHA-256 of each root certificate's DER, base64url: what a join token pins. */
  fingerprints: list(z.string()),
  /** End of the root that ends first. */
  notAfter: moment,
  /** This gateway's own cluster. */
  self: z.boolean(),
  /** Whether this gateway verifies peers against it. */
  believed: z.boolean(),
  phase: z.enum(['stable', 'publishing', 'signing', 'retiring']),
  /** The sequence each other cluster believes, as far as its gateways answer. */
  acks: list(object({ cluster: z.string(), sequence: count })),
  /** Clusters that believe an older sequence, or none. */
  laggards: list(z.string()),
  /** The certificate this gateway presents; its own cluster's item only. */
  leaf: object({ notBefore: moment, notAfter: moment, id: z.string() }).optional(),
});

export const beliefsSchema = named('Beliefs', 'Which bundles one gateway verifies peers against', {
  cluster: z.string(),
  gateway: z.string(),
  /** Sequence of each believed bundle, by cluster. */
  sequences: z.record(z.string(), count).readonly(),
});
