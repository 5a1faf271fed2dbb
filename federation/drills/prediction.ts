/** Owns the shape of a drill's prediction: what it would do to the load of each cluster, and which guardrails it would break. */
import { z } from 'zod';
import { clusterNameSchema, labelSchema, serviceNameSchema } from '../../registry/model.ts';
import { guardrailNames } from './spec.ts';
import { count, momentOf, rate, text, wallMs } from './units.ts';

/** A guardrail and what it would be, or was, passed by. */
const breachSchema = z.object({
  guardrail: z.enum(guardrailNames).describe('Which guardrail'),
  what: text.describe('By what it is passed, in words'),
  value: z.number().describe('The value that passes it'),
  limit: z.number().describe('The limit that is passed'),
});

/** One cluster under the drill: requests per second, and shares of the requests concerned from 0 to 1. */
const clusterPredictionSchema = z.object({
  cluster: clusterNameSchema.describe('Cluster'),
  before: rate.describe('Requests per second that it answers now; 0 where none were measured'),
  after: rate.describe('Requests per second that it would answer in the drill'),
  shareBefore: rate.describe('Share of the requests concerned that it answers now, 0 to 1'),
  shareAfter: rate.describe('Share of them that it would answer in the drill'),
  capacity: rate.optional().describe('Requests per second that it says it can take'),
  loadBefore: rate
    .optional()
    .describe('Load by everything it answers now, against its capacity: 1 is all of it'),
  loadAfter: rate.optional().describe('The same in the drill'),
});

/** Which of all requests a drill counts: by them it is predicted, guarded, judged and reported. See `Concern` in `measures.ts`. */
const concernSchema = z.object({
  services: z
    .array(serviceNameSchema)
    .max(500)
    .optional()
    .describe('Only requests for these services'),
  from: clusterNameSchema.optional().describe('Only requests of the clients of this cluster'),
  /** To go after "counted: ". */
  what: text.describe('The same in words'),
});

/** A gateway whose counts are unknown. */
const unknownSchema = z.object({
  cluster: clusterNameSchema.describe('Its cluster'),
  gateway: labelSchema
    .optional()
    .describe("Its id; absent where none of the cluster's is known to live"),
  heardAt: wallMs
    .optional()
    .describe('When it was last heard of, in milliseconds since 1970; absent where it never was'),
});

export const predictionSchema = z.object({
  at: momentOf('When it was made'),
  concern: concernSchema
    .prefault({ what: 'all requests' })
    .describe(
      'Requests that its numbers are of, but for loads against a capacity: those are of everything a cluster answers',
    ),
  measured: z
    .boolean()
    .describe(
      'Whether traffic was measured; else every cluster is thought to ask for every service alike',
    ),
  unknown: z
    .array(unknownSchema)
    .max(1000)
    .default([])
    .describe(
      'Gateways that did not say what they count: the requests of their clients are in none of the numbers',
    ),
  clusters: z.array(clusterPredictionSchema).max(1000).describe('Each cluster under the drill'),
  errorRate: rate.describe('Share of the requests concerned that would fail, 0 to 1'),
  p99Ms: rate
    .optional()
    .describe(
      'Milliseconds to the head of the response for 99 of 100 of them; absent where no traffic was measured',
    ),
  fewestHealthy: z
    .object({
      service: serviceNameSchema.describe('The service'),
      healthy: count.describe('Its healthy copies'),
    })
    .optional()
    .describe('The service with the fewest healthy copies left'),
  breaks: z
    .array(breachSchema)
    .describe('Guardrails it would break: then it is refused, unless forced'),
  notes: z.array(text).max(100).describe('What else is to be known'),
});

export type DrillConcern = z.output<typeof concernSchema>;
export type Unknown = z.output<typeof unknownSchema>;
export type Breach = z.output<typeof breachSchema>;
export type ClusterPrediction = z.output<typeof clusterPredictionSchema>;
export type Prediction = z.output<typeof predictionSchema>;
