/** Owns what a gateway tells others that verify it: the time, and which policies of the federation it knows; and asking for that. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import { byCodeUnits } from '../../../core/text-order.ts';
import { labelSchema } from '../../../registry/model.ts';
import type { OtherGateway } from '../others/other-gateway.ts';
import type { PolicyView } from '../policies/written-policies.ts';

export const factsPath = '/v1/verify/facts';

export const factsShape = {
  cluster: labelSchema.describe('Cluster of the gateway'),
  gateway: labelSchema.describe('Its id'),
  timeMs: z.number().describe('The time by its clock, in milliseconds since 1970'),
  policies: z
    .strictObject({
      count: z.int().min(0).describe('How many'),
      digest: z.string().max(64).describe('SHA-256 of which, and of when each was written'),
    })
    .describe('The policies of the federation that it goes by'),
};
const factsSchema = z.strictObject(factsShape);
export type Facts = z.output<typeof factsSchema>;

/** A gateway's facts, and its clock by ours: exact to `errorMs`, half of the round trip. */
export interface Heard {
  readonly facts: Facts;
  readonly offsetMs: number;
  readonly errorMs: number;
}

/** Two gateways have the same digest exactly if they know the same policies of the federation, as they were written last. */
export function policyFacts(views: readonly PolicyView[]): Facts['policies'] {
  const lines = views
    .filter(({ scope }) => scope === 'federation')
    .map(({ record: { kind, namespace, name, cluster, at, signature } }) =>
      JSON.stringify([kind, namespace, name, cluster, at, signature]),
    )
    .sort(byCodeUnits);
  const digest = createHash('sha256').update(lines.join('\n')).digest('base64url');
  return { count: lines.length, digest };
}

/**
 * Asks twice, as the first answer may have waited for a connection to be made, and takes the one with the shorter round trip
 * (Cristian's algorithm: the answer was given at some time within it). Rejects with PEER_UNREACHABLE.
 */
export async function hear(
  other: OtherGateway,
  ask: (other: OtherGateway, path: string) => Promise<unknown>,
  clock: Clock,
): Promise<Heard> {
  const once = async (): Promise<Heard> => {
    const askedAt = clock.now();
    const began = clock.monotonic();
    const facts = factsSchema.parse(await ask(other, factsPath));
    const errorMs = (clock.monotonic() - began) / 2;
    return { facts, offsetMs: facts.timeMs - (askedAt + errorMs), errorMs };
  };
  const [first, second] = [await once(), await once()];
  return second.errorMs < first.errorMs ? second : first;
}
