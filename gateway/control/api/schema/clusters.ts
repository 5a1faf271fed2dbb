/** Owns the shape of the member clusters, and how they are reached. */
import { z } from 'zod';
import { address, count, list, milliseconds, moment, named, object } from './shape.ts';

export const clusterItemSchema = named('Cluster', 'A member cluster, as this gateway reaches it', {
  cluster: z.string().describe('Its name'),
  region: z.string().describe('Region it is in'),
  zones: list(z.string()).describe('Zones of its gateways'),
  trustDomain: z.string().describe('Its SPIFFE trust domain'),
  state: z
    .enum(['self', 'up', 'suspect', 'connecting', 'down', 'stale'])
    .describe(
      'How it is reached; `self` is the own cluster, `suspect` one whose links stand while nothing is heard by them',
    ),
  rttMs: milliseconds.optional().describe('Round trip of the best link to it, in milliseconds'),
  reached: list(
    object({
      address: address.describe('Where a link leads to'),
      advertised: address.describe('The address as the cluster says it: a name may lead there'),
      scope: z.enum(['private', 'public']).describe('Whom it is for'),
      why: z.string().describe('Why it is used, in words'),
    }),
  ).describe('Addresses by which this gateway reaches it now'),
  unknownSince: moment
    .optional()
    .describe(
      'Since when what is told of its copies cannot be confirmed, as no link to it is up, in milliseconds since 1970; absent while one is',
    ),
  stale: z
    .boolean()
    .describe("Whether the cluster's records in the registry could not be confirmed lately"),
  gateways: count.describe('Number of its gateways that are alive'),
  eastWest: list(address).describe('Addresses where it takes requests of other clusters'),
  federation: list(address).describe('Addresses where it admits others to the federation'),
  bundle: object({
    fingerprints: list(z.string()).describe(
      "SHA-256 of each root certificate's DER, base64url: what a join token pins, and `join` shows",
    ),
    sequence: count.describe('Number of the bundle; the next one has a higher one'),
    notAfter: moment
      .optional()
      .describe(
        'End of the root that ends first, in milliseconds since 1970; absent where no bundle is known',
      ),
  }).describe('Its trust bundle'),
  capacity: z
    .number()
    .optional()
    .describe('Requests per second that it says it can take from others'),
  links: list(
    object({
      cluster: z.string().describe('Cluster that the link leads to'),
      state: z.enum(['up', 'connecting', 'down']).describe('State of the best link there'),
      rttMs: milliseconds.optional().describe('Its round trip, in milliseconds'),
    }),
  ).describe('Links from this cluster to the others, as its gateways publish them'),
  joinedAt: moment
    .optional()
    .describe('When it joined, in milliseconds since 1970; absent while it is in no federation'),
});
