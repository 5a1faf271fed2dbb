/** Owns the shape of a gateway of the federation, as the one that is asked knows it. */
import { z } from 'zod';
import { address, list, milliseconds, moment, named, object } from './shape.ts';

export const gatewayItemSchema = named('Gateway', 'A gateway, as it says in the registry', {
  cluster: z.string(),
  id: z.string(),
  /** `ending`: it said that it ends. `lost`: of the own cluster, and it is not in the registry any more without having said so. */
  state: z.enum(['alive', 'ending', 'lost']),
  /** The gateway that is asked. */
  self: z.boolean(),
  /** Of the own cluster's that were lost: since when. What follows is known of the others only. */
  lostSince: moment.optional(),
  zone: z.string().optional(),
  version: z.string().optional(),
  startedAt: moment.optional(),
  /** Where it is reached, by itself; empty where its cluster does not say. */
  eastWest: list(address),
  federation: list(address),
  /** Where those in its network reach it first; absent where it says no such address. */
  private: object({
    network: z.string(),
    eastWest: list(address),
    federation: list(address),
  }).optional(),
  /** Its links to other clusters. */
  links: list(
    object({
      cluster: z.string(),
      state: z.enum(['up', 'connecting', 'down']),
      rttMs: milliseconds.optional(),
    }),
  ),
});
