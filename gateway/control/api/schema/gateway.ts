/** Owns the shapes of what a gateway says of itself: its status, its readiness, what a check of it found. */
import { z } from 'zod';
import { logLevels } from '../../../../core/log-levels.ts';
import { checkLayers } from '../../check/layers.ts';
import { roles } from '../../roles.ts';
import { ways } from '../access/principal.ts';
import { address, count, list, milliseconds, moment, named, object } from './shape.ts';

export const problemItemSchema = named('ProblemItem', 'Something that is wrong, and what to do', {
  code: z.string(),
  what: z.string(),
  where: z.string().optional(),
  fix: z.string().optional(),
});

/** Why each is as it is: see `gateway/control/readiness/readiness.ts`. */
const stateSchema = z.enum([
  'starting',
  'ready',
  'uninformed',
  'unjoined',
  'displaced',
  'id-taken',
  'disagreeing',
  'clock-off',
  'draining',
]);

export const statusSchema = named('Status', 'How a gateway is', {
  cluster: z.string(),
  federation: z.string(),
  gateway: z.string(),
  region: z.string(),
  zone: z.string(),
  version: z.string(),
  /** Number of the process; another one after a takeover. */
  pid: count,
  uptimeMs: milliseconds,
  state: stateSchema,
  ready: z.boolean(),
  registry: object({
    kind: z.enum(['connecting', 'connected', 'unavailable', 'standalone']),
    since: moment.optional(),
    reason: z.string().optional(),
    revision: count,
    /** The snapshot could not be confirmed lately. */
    stale: z.boolean(),
    /** The snapshot comes from the disk. */
    fromCache: z.boolean(),
    pendingWrites: count,
  }),
  certificate: object({ id: z.string(), notAfter: moment }),
  members: count,
  services: count,
  endpoints: count,
  problems: list(problemItemSchema),
  /** Other clusters that can't be reached, and gateways of this one that were lost. */
  missing: list(problemItemSchema),
  listeners: z.record(z.string(), address).readonly(),
});

export const workerSchema = named('Worker', 'A thread that carries traffic', {
  worker: count,
  state: z.enum(['starting', 'serving', 'empty', 'closed']),
  /** Workers in its place before it. */
  restarts: count,
  inFlight: count,
  /** 99th percentile of its event loop's lag over the last two seconds. */
  lagMs: milliseconds,
  heapBytes: count,
  heapLimitBytes: count,
  /** Whether it refuses new requests. */
  shedding: z.boolean(),
  /** Responses it has sent on. */
  served: count,
  /** Requests it has answered itself, or that ended without an answer. */
  refused: count,
});

export const healthSchema = named('Health', 'A gateway lives', { status: z.literal('ok') });
export const readinessSchema = named('Readiness', 'Whether a gateway serves', {
  ready: z.boolean(),
  state: stateSchema,
  /** The problem that keeps the gateway from serving. */
  problem: problemItemSchema.optional(),
});

export const logLevelSchema = named('LogLevel', 'How much the log says', {
  level: z.enum(logLevels),
});

export const findingSchema = named('Finding', 'What a check found', {
  layer: z.enum(checkLayers),
  level: z.enum(['ok', 'warning', 'error']),
  code: z.string(),
  what: z.string(),
  where: z.string().optional(),
  fix: z.string().optional(),
});
export const findingsSchema = named('Findings', 'What a check found, layer by layer', {
  findings: list(findingSchema),
});

export const sessionSchema = named('Session', 'Who is asking', {
  name: z.string(),
  role: z.enum(roles),
  via: z.enum(ways),
});
