/** Owns how a scenario for `isthmus simulate` is written: tiers, and the policy that spreads load over them. */
import { z } from 'zod';
import { parseYaml } from '../core/yaml-file.ts';
import type { TierCounts, TierLoadPolicy } from '../gateway/data/balance/tier-load.ts';
import { writtenBalanceSchema } from '../policy/traffic-schema.ts';
import type { Written } from './written.ts';

interface Scenario {
  /** Best first. */
  readonly tiers: readonly (TierCounts & { readonly name: string })[];
  readonly policy: TierLoadPolicy;
}

const count = z.int().min(0).max(1_000_000);

const tierSchema = z
  .strictObject({
    name: z.string().min(1).max(253),
    healthy: count,
    degraded: count.default(0),
    total: count,
    /** Of `total`, those that are not counted as hosts. */
    excluded: count.default(0),
  })
  .refine((tier) => tier.excluded <= tier.total, {
    path: ['excluded'],
    message: 'more hosts are excluded than there are in total',
  })
  .refine((tier) => tier.healthy + tier.degraded <= tier.total - tier.excluded, {
    path: ['healthy'],
    message: 'healthy and degraded together are more than total less excluded',
  });

const scenarioSchema = z.strictObject({
  tiers: z
    .array(tierSchema)
    .min(1, 'name at least one tier')
    .max(1000)
    .superRefine((tiers, context) => {
      const seen = new Set<string>();
      for (const [i, { name }] of tiers.entries()) {
        const message = `there are two tiers named ${JSON.stringify(name)}`;
        if (seen.has(name)) context.addIssue({ code: 'custom', path: [i, 'name'], message });
        seen.add(name);
      }
    }),
  /** As in a configuration. */
  policy: writtenBalanceSchema
    .pick({ overprovisioningFactor: true, panicThreshold: true, failover: true })
    .prefault({}),
});

/** Throws what `parseYaml` does. */
export function parseScenario({ text, name }: Written): Scenario {
  return parseYaml(scenarioSchema, text, name);
}
