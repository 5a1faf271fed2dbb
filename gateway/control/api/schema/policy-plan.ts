/** Owns the shapes of a plan: what writing policies would change, and what it is judged by. */
import { z } from 'zod';
import { labelSchema } from '../../../../registry/model.ts';
import { problemSchema } from './problem.ts';
import { count, list, moment, named, object } from './shape.ts';

/** Documents of one question; more are asked about in several. */
const maxPlanned = 500;

export const place = {
  scope: z
    .enum(['cluster', 'federation'])
    .default('cluster')
    .describe('Whose gateways go by it: those of this cluster, or of all clusters'),
  kind: z.string().max(63).describe('Kind of the policy: `TrafficPolicy`'),
  namespace: labelSchema.describe('Namespace that it is in'),
  name: labelSchema.describe('Name that it has there'),
};
const spec = z.record(z.string(), z.unknown());
const etag = z.string().describe('`If-Match` of a change that is judged by this');

export const planBodySchema = z.strictObject({
  documents: z
    .array(z.strictObject({ ...place, spec: spec.describe('What it would say') }))
    .max(maxPlanned)
    .describe('Policies as they would be put'),
  set: labelSchema
    .optional()
    .describe('Set that they would be put with; one of another set, or of none, is configured'),
  takeOver: z
    .boolean()
    .default(false)
    .describe('Whether one that another cluster wrote is configured although it says the same'),
});

export const planSchema = named('PolicyPlan', 'What writing policies would change', {
  items: list(
    object({
      ...place,
      change: z
        .enum(['created', 'configured', 'unchanged', 'refused'])
        .describe('What a PUT of it would do'),
      before: object({
        spec: spec.describe('What it says, with its defaults'),
        by: z.string().describe('Who wrote it'),
        at: moment,
        set: labelSchema.optional().describe('Set that it is of'),
        etag,
      })
        .optional()
        .describe('What there is; absent where there is none'),
      after: spec.optional().describe('What it would say, with its defaults'),
      inForce: z.boolean().optional().describe('Whether this gateway would go by it'),
      reason: z.string().optional().describe('Why it would not'),
      warnings: list(z.string()).describe('Why it would do nothing so far, or not all it says'),
      problem: problemSchema.optional().describe('Why it is refused'),
    }),
  ).describe('One for each document, in their order'),
  ofSet: list(
    object({
      ...place,
      spec: spec.describe('What it says'),
      by: z.string().describe('Who wrote it'),
      at: moment,
      etag,
    }),
  ).describe('Policies of the set that this cluster wrote, those of the documents included'),
  room: object({
    cluster: count.describe('Of this cluster'),
    federation: count.describe('Of the whole federation'),
  }).describe('How many policies may be made beside those that there are'),
});

export type PolicyPlan = z.output<typeof planSchema>;
