/** Owns the registry records around drills: signs of life, counts, standing orders and schedules. The drill itself is in `model.ts`. */
import { z } from 'zod';
import type { DrillKey } from '../../registry/drill-keys.ts';
import {
  clusterNameSchema,
  labelSchema,
  serviceNameSchema,
  signatureSchema,
} from '../../registry/model.ts';
import { drillSchema, reportSchema } from './model.ts';
import { drillSpecSchema } from './spec.ts';

const wallMs = z.int().min(0);
const count = z.int().min(0);
const text = z.string().max(500);

/** `drills/<cluster>/beats/<id>`, under its driver's lease, written anew twice a second while the drill is alive. */
const beatRecordSchema = z.object({
  cluster: clusterNameSchema,
  id: labelSchema,
  /** Grows with each beat: an old one says nothing. */
  sequence: count,
  /** How far the drill is in force, 0 to 1. Every gateway does what it says, for as long as beats come. */
  inForce: z.number().min(0).max(1),
  signature: signatureSchema.optional(),
});

/** `drills/<cluster>/aborts/<id>`, under the lease of a gateway that was asked to end a drill. */
const abortRecordSchema = z.object({
  cluster: clusterNameSchema,
  id: labelSchema,
  at: wallMs,
  what: text,
  signature: signatureSchema.optional(),
});

/** Most services that a gateway's counts name one by one. */
export const maxServices = 100;

/** The counts of one service since a gateway's start; they only grow. */
const countedSchema = z.object({
  service: serviceNameSchema,
  requests: count,
  /** Requests answered by 5xx or by nobody. */
  failed: count,
  /** By the cluster whose endpoints answered. */
  to: z.record(z.string(), count),
  /** Times to the response's head: a count per bucket of the record's `boundsMs`, and one above them. */
  latency: z.array(count).max(64),
});

/** `drills/<cluster>/measures/<gateway>`, under that gateway's lease, while a drill goes on; and what a gateway says when it is asked. */
export const measureRecordSchema = z.object({
  cluster: clusterNameSchema,
  id: labelSchema,
  /** Milliseconds since the gateway started; when it is less than before, the gateway has started anew. */
  uptimeMs: z.number().min(0),
  boundsMs: z.array(z.number()).max(64),
  /** Requests by service, as the gateway's own clients made them; the busiest. */
  services: z.array(countedSchema).max(maxServices),
  /** Drills it knows of, with how far each is in force there. */
  following: z.array(z.object({ drill: labelSchema, inForce: z.number().min(0).max(1) })).max(100),
});

const order = {
  cluster: clusterNameSchema,
  /** Of several clusters' orders about one thing the one with the highest sequence counts, and of equals that of the first name. */
  sequence: count,
  /** False: it was undone. The record stays, so that an older order of another cluster doesn't come back. */
  active: z.boolean(),
  at: wallMs,
  reason: text.optional(),
  signature: signatureSchema.optional(),
};

/** `drills/<cluster>/drains/<of>`: traffic is kept off cluster `of` until this is undone. */
export const drainRecordSchema = z.object({
  ...order,
  of: clusterNameSchema,
  /** Milliseconds from nothing to all. */
  rampMs: z.number().min(0),
});

/** `drills/<cluster>/failovers/<ns>/<service>`: a share of a service's traffic goes to one cluster until this is undone. */
export const failoverRecordSchema = z.object({
  ...order,
  service: serviceNameSchema,
  to: clusterNameSchema,
  /** Share of the requests of every cluster's clients. */
  percent: z.number().min(0).max(100),
});

const moment = z.iso.datetime({
  offset: true,
  message: 'use a date and time, as 2026-12-24T00:00:00Z',
});
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'use HH:MM');
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** A window in which nothing is started: one span of time, or the same hours every week. */
const blackoutSchema = z.union([
  z.strictObject({
    from: moment.describe('Its first moment'),
    until: moment.describe('The first moment after it'),
  }),
  z.strictObject({
    days: z
      .array(z.enum(weekdays))
      .min(1)
      .max(7)
      .default([...weekdays])
      .describe('Days of the week; default every day'),
    from: timeOfDay.describe("Its first minute, in the schedule's time zone"),
    until: timeOfDay.describe(
      'The first minute after it; on the next day when it is before `from`',
    ),
  }),
]);

/** A schedule as it is asked for. */
export const scheduleSchema = z.strictObject({
  cron: z
    .string()
    .min(1)
    .max(100)
    .describe('When it runs: five fields as cron has them, or six with seconds first'),
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .default('UTC')
    .describe('Time zone of `cron` and `blackouts`, by its IANA name'),
  blackouts: z
    .array(blackoutSchema)
    .max(100)
    .default([])
    .describe('Windows in which it is not started'),
  enabled: z.boolean().default(true).describe('Whether it is run at all'),
  spec: drillSpecSchema.describe('The drill that is run'),
});

/** `drills/<cluster>/schedules/<name>`: run by that cluster's gateways. */
export const scheduleRecordSchema = z.object({
  cluster: clusterNameSchema,
  name: labelSchema,
  schedule: scheduleSchema,
  at: wallMs,
  signature: signatureSchema.optional(),
});

/** `drills/<cluster>/reports/<id>`: what a gateway of `cluster` saw of another cluster's drill, whose driver did not live to report. */
const witnessRecordSchema = z.object({
  cluster: clusterNameSchema,
  id: labelSchema,
  /** The drill's own cluster. */
  of: clusterNameSchema,
  report: reportSchema,
  signature: signatureSchema.optional(),
});

/** The schema of the records under each kind of key. */
export const recordSchemas = {
  runs: drillSchema,
  beats: beatRecordSchema,
  aborts: abortRecordSchema,
  measures: measureRecordSchema,
  drains: drainRecordSchema,
  failovers: failoverRecordSchema,
  schedules: scheduleRecordSchema,
  reports: witnessRecordSchema,
} as const satisfies Record<DrillKey['kind'], z.ZodType>;

export type DrillRecords = {
  readonly [K in DrillKey['kind']]: z.output<(typeof recordSchemas)[K]>;
};
export type WitnessRecord = z.output<typeof witnessRecordSchema>;
export type AbortRecord = z.output<typeof abortRecordSchema>;
export type Counted = z.output<typeof countedSchema>;
export type MeasureRecord = z.output<typeof measureRecordSchema>;
export type DrainRecord = z.output<typeof drainRecordSchema>;
export type FailoverRecord = z.output<typeof failoverRecordSchema>;
export type Blackout = z.output<typeof blackoutSchema>;
export type Schedule = z.output<typeof scheduleSchema>;
export type ScheduleRecord = z.output<typeof scheduleRecordSchema>;

/** The order in force among those of several clusters about one thing; undefined when none is. */
export function inForce<O extends { sequence: number; cluster: string; active: boolean }>(
  orders: Iterable<O>,
): O | undefined {
  let newest: O | undefined;
  for (const order of orders) {
    if (
      newest === undefined ||
      order.sequence > newest.sequence ||
      (order.sequence === newest.sequence && order.cluster < newest.cluster)
    ) {
      newest = order;
    }
  }
  return newest?.active ? newest : undefined;
}
