/** Owns the shapes of drills as the API shows them and the registry keeps them: a drill, its prediction, its timeline and its report. */
import { z } from 'zod';
import {
  clusterNameSchema,
  labelSchema,
  serviceNameSchema,
  signatureSchema,
} from '../../registry/model.ts';
import { drillSpecSchema, guardrailNames } from './spec.ts';

/**
 * pending: every gateway gets ready, and what is normal is measured. running: in force, by the ramp. reverting:
 * the effect goes, and what is left of it is measured. The other three are ends; refused: it was never in force.
 */
const drillStates = ['pending', 'running', 'reverting', 'done', 'aborted', 'refused'] as const;

const abortKinds = ['guardrail', 'operator', 'driver-lost', 'registry-lost'] as const;

const wallMs = z.int().min(0);
const count = z.int().min(0);
const rate = z.number().min(0);
const text = z.string().max(1000);

const abortSchema = z.object({ kind: z.enum(abortKinds), what: text });

/** A guardrail and what it would be, or was, passed by. */
const breachSchema = z.object({
  guardrail: z.enum(guardrailNames),
  what: text,
  value: z.number(),
  limit: z.number(),
});

/** One cluster under the drill: requests per second, and shares of the requests concerned from 0 to 1. */
const clusterPredictionSchema = z.object({
  cluster: clusterNameSchema,
  /** Requests per second that it answers now, and would in the drill; 0 where no traffic was measured. */
  before: rate,
  after: rate,
  shareBefore: rate,
  shareAfter: rate,
  /** Requests per second, as its cluster states. */
  capacity: rate.optional(),
  /** Of everything it answers, against the capacity: 1 is all of it. */
  loadBefore: rate.optional(),
  loadAfter: rate.optional(),
});

/** Which of all requests a drill counts: by them it is predicted, guarded, judged and reported. See `Concern` in `measures.ts`. */
const concernSchema = z.object({
  services: z.array(serviceNameSchema).max(500).optional(),
  from: clusterNameSchema.optional(),
  /** The same in words, to go after "counted: ". */
  what: text,
});

/** A gateway whose counts are unknown. */
const unknownSchema = z.object({
  cluster: clusterNameSchema,
  /** Absent where none of the cluster's is known to live. */
  gateway: labelSchema.optional(),
  /** When it was last heard of; absent where it never was. */
  heardAt: wallMs.optional(),
});

export const predictionSchema = z.object({
  at: wallMs,
  /** What its numbers are of, but for loads against a capacity: those are of everything a cluster answers. */
  concern: concernSchema.prefault({ what: 'all requests' }),
  /** Whether traffic was measured; else every cluster is thought to ask for every service alike. */
  measured: z.boolean(),
  /** Gateways that were asked and did not say what they count: the requests of their clients are in none of the numbers. */
  unknown: z.array(unknownSchema).max(1000).default([]),
  clusters: z.array(clusterPredictionSchema).max(1000),
  /** Share of the requests concerned that would fail, 0 to 1. */
  errorRate: rate,
  /** Milliseconds; absent where no traffic was measured. */
  p99Ms: rate.optional(),
  /** The service with the fewest healthy copies left. */
  fewestHealthy: z.object({ service: serviceNameSchema, healthy: count }).optional(),
  /** Guardrails it would break: then it is refused, unless forced. */
  breaks: z.array(breachSchema),
  notes: z.array(text).max(100),
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
  seconds: rate,
  requests: count,
  errors: count,
  /** 0 to 1. */
  errorRate: rate,
  requestsPerSecond: rate,
  p50Ms: rate.optional(),
  p99Ms: rate.optional(),
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
  name: z.enum(['rto', 'errorBudget', 'completed', 'refusals']),
  what: text,
  limit: z.number().optional(),
  /** Absent where nothing could be measured. */
  measured: z.number().optional(),
  met: z.boolean(),
});

const comparisonSchema = z.object({
  /** The drill of the same kind and scope before this one. */
  with: labelSchema,
  endedAt: wallMs,
  passed: z.boolean(),
  /** This one's less that one's; absent where either was not measured. */
  detectMs: z.number().optional(),
  shiftMs: z.number().optional(),
  recoverMs: z.number().optional(),
  revertMs: z.number().optional(),
  errorRate: z.number(),
  p99Ms: z.number().optional(),
});

const driverSchema = z.object({ cluster: clusterNameSchema, gateway: labelSchema });

export const reportSchema = z.object({
  id: labelSchema,
  federation: z.string(),
  spec: drillSpecSchema,
  forced: z.boolean(),
  driver: driverSchema,
  /** Who reports, from what it saw itself, where the driver did not live to; absent: the driver. */
  witness: driverSchema.optional(),
  state: z.enum(['done', 'aborted']),
  abortedBy: abortSchema.optional(),
  startedAt: wallMs,
  endedAt: wallMs,
  prediction: predictionSchema,
  before: trafficSchema,
  during: trafficSchema,
  after: trafficSchema,
  /** Milliseconds; see `timing.ts`. Absent where it did not happen, or could not be seen. */
  timing: z.object({
    inForceMs: rate.optional(),
    detectMs: rate.optional(),
    shiftMs: rate.optional(),
    recoverMs: rate.optional(),
    goneMs: rate.optional(),
    revertMs: rate.optional(),
  }),
  /** Requests per second, of those it concerns, each cluster answered: before, as predicted, and as measured while it was in force in full. */
  load: z.array(
    z.object({
      cluster: clusterNameSchema,
      before: rate,
      predicted: rate,
      measured: rate,
      capacity: rate.optional(),
    }),
  ),
  /** What decided where requests went while it was in force, seen from the driver's gateway. */
  decisions: z.array(
    z.object({ service: serviceNameSchema, tier: text, load: rate, reason: text }),
  ),
  moments: z.array(momentSchema).max(300),
  verdict: z.object({ passed: z.boolean(), objectives: z.array(objectiveSchema) }),
  comparison: comparisonSchema.optional(),
  timeline: z.array(timelineEntrySchema),
  /** By the cluster that reports, over a key of its own and the rest; see `report-signature.ts` and `registry/signing.ts`. */
  signature: signatureSchema.optional(),
});

/** A drill as the registry keeps it, and `GET /v1/drills/{id}` shows it. */
export const drillSchema = z.object({
  /** The driver's cluster, which alone may write the drill. */
  cluster: clusterNameSchema,
  id: labelSchema,
  spec: drillSpecSchema,
  state: z.enum(drillStates),
  /** Started although its prediction breaks a guardrail. */
  forced: z.boolean(),
  driver: driverSchema,
  /** The schedule that started it. */
  schedule: labelSchema.optional(),
  createdAt: wallMs,
  /** When it began to be in force, will begin to revert, and was over. */
  startedAt: wallMs.optional(),
  endsAt: wallMs.optional(),
  endedAt: wallMs.optional(),
  prediction: predictionSchema,
  /** Whether its objectives were met. */
  outcome: z.enum(['passed', 'failed']).optional(),
  abortedBy: abortSchema.optional(),
  /** Why it was refused. */
  refusal: text.optional(),
  timeline: z.array(timelineEntrySchema).max(1000),
  report: reportSchema.optional(),
  signature: signatureSchema.optional(),
});

export type DrillState = (typeof drillStates)[number];
export type Abort = z.output<typeof abortSchema>;
export type DrillConcern = z.output<typeof concernSchema>;
export type Unknown = z.output<typeof unknownSchema>;
export type Breach = z.output<typeof breachSchema>;
export type ClusterPrediction = z.output<typeof clusterPredictionSchema>;
export type Prediction = z.output<typeof predictionSchema>;
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
export type { DrillSpec, DrillSpecInput } from './spec.ts';

export function isOver(state: DrillState): boolean {
  return state === 'done' || state === 'aborted' || state === 'refused';
}
