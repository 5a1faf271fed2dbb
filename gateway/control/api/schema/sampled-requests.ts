/** Owns the shapes of remembered requests: what came, and what became of it. */
import { z } from 'zod';
import { requestExplanationSchema } from './request-explanation.ts';
import { list, milliseconds, moment, named, object } from './shape.ts';

const sampledShape = {
  requestId: z
    .string()
    .describe('Its `x-request-id`; empty where it has none that anybody was told'),
  traceId: z.string().optional().describe('The trace that it is part of'),
  at: moment,
  standsFor: z
    .number()
    .min(1)
    .describe('Requests of the same service and minute that it stands for, itself among them'),
  method: z.string().describe('Its method'),
  scheme: z.enum(['http', 'https']).describe('`https`: it came in at an ingress'),
  host: z.string().describe('Its host'),
  path: z.string().describe('Its path with its query, as it is decided by'),
  withheld: list(z.string()).describe('Names of fields and parameters of which no value was kept'),
  from: z.string().describe("The client's address, or the cluster whose gateway sent it on"),
  service: z.string().optional().describe('The service; absent where it named none'),
  outcome: object({
    status: z.int().optional().describe('Status of the answer; absent where there was none'),
    code: z.string().optional().describe('Code of a refusal, or of an answer that broke off'),
    cluster: z.string().optional().describe('Cluster that answered'),
    endpoint: z.string().optional().describe('Endpoint that answered'),
    ms: milliseconds.describe('Milliseconds until it was over'),
  }).describe('What became of it'),
};

export const sampledRequestSchema = named(
  'SampledRequest',
  'A real request that a worker remembers',
  sampledShape,
);

export const explainedSampleSchema = named(
  'ExplainedSample',
  'What became of a remembered request, and what would become of it now',
  {
    sampled: sampledRequestSchema,
    now: requestExplanationSchema.describe('What would become of it now'),
  },
);

export type SampledItem = z.output<typeof sampledRequestSchema>;
export type ExplainedSample = z.output<typeof explainedSampleSchema>;
