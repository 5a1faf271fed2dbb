/** Owns the shapes of drills as the API shows them and the registry keeps them: a drill, its timeline and its report. */
import { z } from 'zod';
import {
  clusterNameSchema,
  labelSchema,
  serviceNameSchema,
  signatureSchema,
} from '../../registry/model.ts';
import { predictionSchema } from './prediction.ts';
import { drillSpecSchema } from './spec.ts';
import { count, momentOf, rate, text, wallMs } from './units.ts';

/**
 * pending: every gateway gets ready, and what is normal is measured. running: in force, by the ramp. reverting:
 * the effect goes, and what is left of it is measured. The other three are ends; refused: it was never in force.
 */
const drillStates = ['pending', 'running', 'reverting', 'done', 'aborted', 'refused'] as const;

const abortKinds = ['guardrail', 'operator', 'driver-lost', 'registry-lost'] as const;

const abortSchema = z.object({
  kind: z.enum(abortKinds).describe('What ended it'),
  what: text.describe('The same in words'),
});

const timelineKinds = [
  'created',
  'ready',
  'started',
  'in-force',
  'gateway',
  'detected',
  'shifted',
  'guardrail',
  'abort',
  'reverting',
  'reverted',
  'returned',
  'probe',
  'note',
  'ended',
] as const;

const timelineEntrySchema = z.object({
  at: wallMs,
  kind: z.enum(timelineKinds),
  cluster: clusterNameSchema.optional(),
  what: text,
  /** What was measured: milliseconds, a share, or a count, as `what` says. */
  value: z.number().optional(),
});

/** Requests that the drill concerns, of one part of it, over all gateways. */
const trafficSchema = z.object({
  seconds: rate.describe('Seconds that were measured'),
  requests: count.describe('Requests in them'),
  errors: count.describe('Those that failed'),
  errorRate: rate.describe('Share of those that failed, 0 to 1'),
  requestsPerSecond: rate.describe('Requests per second'),
  p50Ms: rate.optional().describe('Milliseconds to the head of the response for half of them'),
  p99Ms: rate.optional().describe('Milliseconds to it for 99 of 100 of them'),
});

/** One moment of the drill. */
export const momentSchema = z.object({
  /** Milliseconds since it began to be in force; negative before. */
  atMs: z.number(),
  /** How far it was in force, 0 to 1. */
  inForce: rate,
  requestsPerSecond: rate,
  errorRate: rate,
  p99Ms: rate.optional(),
  /** Requests per second, of those the drill concerns, that each cluster answered. */
  clusters: z.record(z.string(), rate),
});

const objectiveSchema = z.object({
  name: z.enum(['rto', 'errorBudget', 'completed', 'refusals']).describe('Which objective'),
  what: text.describe('How it was met or missed, in words'),
  limit: z.number().optional().describe('What was asked for'),
  measured: z.number().optional().describe('What it was; absent where it could not be measured'),
  met: z.boolean().describe('Whether it was met'),
});

/** Absent where either was not measured. */
function difference(what: string) {
  return z.number().optional().describe(`This one's ${what}, less that one's`);
}

const comparisonSchema = z.object({
  with: labelSchema.describe('The drill of the same kind and scope before this one'),
  endedAt: momentOf('When that was over'),
  passed: z.boolean().describe('Whether that met its objectives'),
  detectMs: difference('milliseconds until the first traffic moved'),
  shiftMs: difference('milliseconds until nine tenths of it had moved'),
  recoverMs: difference('milliseconds until it recovered'),
  revertMs: difference('milliseconds until the load was back'),
  errorRate: z.number().describe("This one's error rate less that one's"),
  p99Ms: difference('milliseconds for 99 of 100 requests'),
});

const driverSchema = z.object({
  cluster: clusterNameSchema.describe('Its cluster'),
  gateway: labelSchema.describe('Its id'),
});

export const reportSchema = z.object({
  id: labelSchema.describe('Name of the drill'),
  federation: z.string().describe('Federation it was in'),
  spec: drillSpecSchema.describe('The drill as it was asked for'),
  forced: z.boolean().describe('Whether it was started although its prediction breaks a guardrail'),
  driver: driverSchema.describe('The gateway that led it'),
  witness: driverSchema
    .optional()
    .describe(
      'The gateway that reports, from what it saw itself, where the driver did not live to; absent: the driver',
    ),
  state: z.enum(['done', 'aborted']).describe('How it ended'),
  abortedBy: abortSchema.optional().describe('Why it was ended before its time'),
  startedAt: momentOf('When it began to be in force'),
  endedAt: momentOf('When it was over'),
  prediction: predictionSchema.describe('What was predicted before it'),
  before: trafficSchema.describe('Requests before it'),
  during: trafficSchema.describe('Requests while it was in force'),
  after: trafficSchema.describe('Requests after it'),
  timing: z
    .object({
      inForceMs: rate.optional().describe('Until it was in force at every gateway'),
      detectMs: rate.optional().describe('Until the first traffic had moved'),
      shiftMs: rate.optional().describe('Until nine tenths of it had moved'),
      recoverMs: rate
        .optional()
        .describe('Until it had recovered, counted from being in force in full'),
      goneMs: rate
        .optional()
        .describe('Until the effect was gone, counted from beginning to revert'),
      revertMs: rate.optional().describe('Until the load was back, counted from the same'),
    })
    .describe('Milliseconds; absent where it did not happen, or could not be seen'),
  load: z
    .array(
      z.object({
        cluster: clusterNameSchema.describe('Cluster'),
        before: rate.describe('Before the drill'),
        predicted: rate.describe('As predicted'),
        measured: rate.describe('As measured while it was in force in full'),
        capacity: rate.optional().describe('As it says that it can take'),
      }),
    )
    .describe('Requests per second, of those it concerns, that each cluster answered'),
  decisions: z
    .array(
      z.object({
        service: serviceNameSchema.describe('The service'),
        tier: text.describe('A tier of its copies'),
        load: rate.describe('Percent of the requests that the tier carried'),
        reason: text.describe('Why'),
      }),
    )
    .describe(
      "Balancing decisions while it was in force, as the driver's gateway made them, of a few services",
    ),
  moments: z.array(momentSchema).max(300),
  verdict: z
    .object({
      passed: z.boolean().describe('Whether all objectives were met'),
      objectives: z.array(objectiveSchema).describe('Each objective'),
    })
    .describe('Whether it showed what it had to'),
  comparison: comparisonSchema.optional().describe('The same beside the last drill like it'),
  timeline: z.array(timelineEntrySchema),
  /** By the cluster that reports, over a key of its own and the rest; see `report-signature.ts` and `registry/signing.ts`. */
  signature: signatureSchema.optional(),
});

/** A drill as the registry keeps it, and `GET /v1/drills/{id}` shows it. */
export const drillSchema = z.object({
  /** This cluster alone may write the drill. */
  cluster: clusterNameSchema.describe("The driver's cluster"),
  id: labelSchema.describe('Name of the drill'),
  spec: drillSpecSchema.describe('The drill as it was asked for'),
  state: z.enum(drillStates).describe('How far it is; the last three are ends'),
  forced: z.boolean().describe('Whether it was started although its prediction breaks a guardrail'),
  driver: driverSchema.describe('The gateway that leads it'),
  schedule: labelSchema.optional().describe('The schedule that started it'),
  createdAt: momentOf('When it was created'),
  startedAt: momentOf('When it began to be in force').optional(),
  endsAt: momentOf('When it will begin to revert').optional(),
  endedAt: momentOf('When it was over').optional(),
  prediction: predictionSchema.describe('What was predicted before it'),
  outcome: z
    .enum(['passed', 'failed'])
    .optional()
    .describe('Whether its objectives were met; absent while it goes on'),
  abortedBy: abortSchema.optional().describe('Why it was ended before its time'),
  refusal: text.optional().describe('Why it was refused'),
  timeline: z.array(timelineEntrySchema).max(1000),
  report: reportSchema.optional(),
  signature: signatureSchema.optional(),
});

export type DrillState = (typeof drillStates)[number];
export type Abort = z.output<typeof abortSchema>;
export type TimelineEntry = z.output<typeof timelineEntrySchema>;
export type Traffic = z.output<typeof trafficSchema>;
export type Moment = z.output<typeof momentSchema>;
export type Objective = z.output<typeof objectiveSchema>;
export type Comparison = z.output<typeof comparisonSchema>;
export type Report = z.output<typeof reportSchema>;
export type Drill = z.output<typeof drillSchema>;
/** A drill in a list: without what makes it long. */
export type DrillSummary = Omit<Drill, 'timeline' | 'report' | 'signature'>;

export type { DrillKind } from './fields.ts';
export type {
  Breach,
  ClusterPrediction,
  DrillConcern,
  Prediction,
  Unknown,
} from './prediction.ts';
export type { DrillSpec, DrillSpecInput } from './spec.ts';

export function isOver(state: DrillState): boolean {
  return state === 'done' || state === 'aborted' || state === 'refused';
}
