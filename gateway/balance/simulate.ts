/** Owns the what-if of tier loads: from a scenario nobody has checked to the loads it would get. */
import { z } from 'zod';
import { IsthmusError } from '../../core/errors.ts';
import { defaultPolicy } from './policy.ts';
import { type TierLoad, tierLoads } from './tier-load.ts';

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

/** A ratio such as 1.4; 100 and more is read as Envoy's percent, so 140 is 1.4. */
const factor = z
  .number()
  .max(10_000)
  .transform((value) => (value >= 100 ? value / 100 : value))
  .refine((ratio) => ratio >= 1, 'use a ratio of at least 1, such as 1.4');

const scenarioSchema = z.strictObject({
  tiers: z
    .array(tierSchema)
    .min(1, 'name at least one tier')
    .max(1000)
    .superRefine((tiers, context) => {
      const seen = new Set<string>();
      for (const [i, { name }] of tiers.entries()) {
        if (seen.has(name)) {
          context.addIssue({
            code: 'custom',
            path: [i, 'name'],
            message: `there are two tiers named ${JSON.stringify(name)}`,
          });
        }
        seen.add(name);
      }
    }),
  policy: z
    .strictObject({
      overprovisioningFactor: factor.default(defaultPolicy.overprovisioningFactor),
      panicThreshold: z.number().min(0).max(100).default(defaultPolicy.panicThreshold),
    })
    .prefault({}),
});

/** A scenario as it is written: tiers best first. */
export type Scenario = z.input<typeof scenarioSchema>;

export interface Simulation {
  readonly tiers: readonly (TierLoad & { readonly name: string })[];
}

/** Loads that the tiers of `scenario` would get. Throws BODY_INVALID naming the first field that is wrong. */
export function simulate(scenario: unknown): Simulation {
  const result = scenarioSchema.safeParse(scenario);
  if (!result.success) {
    const issue = result.error.issues[0];
    const path = (issue?.path ?? []).map(String).join('.');
    throw new IsthmusError('BODY_INVALID', {
      what: `${path === '' ? 'The scenario' : path}: ${issue?.message ?? 'invalid'}`,
      where: path === '' ? undefined : path,
    });
  }
  const { tiers, policy } = result.data;
  const loads = tierLoads(tiers, policy);
  return {
    tiers: tiers.flatMap(({ name }, i) => {
      const load = loads[i];
      return load ? [{ name, ...load }] : [];
    }),
  };
}
