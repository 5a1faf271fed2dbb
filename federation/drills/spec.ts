/** Owns how a drill is described: its kind, scope, ramp, duration, guardrails and objectives, checked and with defaults. */
import { z } from 'zod';
import { durationSchema } from '../../core/duration.ts';
import { clusterNameSchema, labelSchema, serviceNameSchema } from '../../registry/model.ts';
import { drillKinds, scopeOfTarget, targetsOf } from './fields.ts';

/** A duration as people write it, kept as it was written; see `msOf`. */
const durationText = z.string().superRefine((text, context) => {
  const { error } = durationSchema.safeParse(text);
  if (error) context.addIssue({ code: 'custom', message: error.issues[0]?.message ?? 'invalid' });
});

/** Milliseconds of a duration that a schema here has let pass. */
export function msOf(duration: string): number {
  return durationSchema.parse(duration);
}

const share = z.number().min(0).max(1);

/** The scope of a drill. `targetsOf` says which fields a kind takes. */
const scopeSchema = z.strictObject({
  cluster: clusterNameSchema.optional(),
  service: serviceNameSchema.optional(),
  /** A zone of `cluster`. */
  zone: labelSchema.optional(),
  /** Requests that one cluster sends to another. */
  link: z.strictObject({ from: clusterNameSchema, to: clusterNameSchema }).optional(),
});

export const guardrailNames = ['errorRate', 'p99', 'load', 'minHealthy', 'timeLimit'] as const;

/** What a guardrail that can be overridden may be set to. */
const limits = {
  errorRate: share,
  p99: durationText,
  load: z.number().positive().max(10),
  minHealthy: z.int().min(0),
};

export const guardrailsSchema = z.strictObject({
  /** Most of the requests concerned that may fail, 0 to 1; default 0.01. */
  errorRate: limits.errorRate.default(0.01),
  /** Longest time to the response's head for 99 of 100 of the requests concerned; default: not watched. */
  p99: limits.p99.optional(),
  /** Most load of a cluster, by everything it answers, against its stated capacity; default 0.9. Not watched where none is stated. */
  load: limits.load.default(0.9),
  /** Fewest healthy copies left of every service concerned; default 1. */
  minHealthy: limits.minHealthy.default(1),
  /** Longest time from the first effect to the last; default 5m. Every gateway holds it by itself. */
  timeLimit: durationText.default('5m'),
});

const overridesSchema = z.strictObject(limits).partial();

export const objectivesSchema = z.strictObject({
  /** Longest time from the effect being in force until traffic has moved and no more fails than allowed; default 5s. */
  rto: durationText.default('5s'),
  /** Most of the requests concerned during the drill that may fail, 0 to 1; default 0.001. */
  errorBudget: share.default(0.001),
});

const fields = z.strictObject({
  kind: z.enum(drillKinds),
  scope: scopeSchema.prefault({}),
  /** The delay that `slow` adds to each request concerned. */
  slow: z.strictObject({ delay: durationText, jitter: durationText.default('0s') }).optional(),
  /** The status that `fail` answers with, and the share of the requests concerned that get it. */
  fail: z
    .strictObject({
      percent: z.number().gt(0).max(100),
      status: z.int().min(400).max(599).default(503),
    })
    .optional(),
  /** How long the effect takes from nothing to all, and back; default 10s. */
  ramp: durationText.default('10s'),
  /** How long it is in force in full; default 60s. */
  duration: durationText.default('60s'),
  guardrails: guardrailsSchema.prefault({}),
  /** Limits that hold in place of guardrails it is predicted to break; only where it is forced. */
  overrides: overridesSchema.optional(),
  objectives: objectivesSchema.prefault({}),
  reason: z.string().max(500).optional(),
});

/** A drill as it is asked for. Durations stay as they were written, so that it reads back as it was given. */
export const drillSpecSchema = fields.superRefine((spec, context) => {
  const refuse = (path: string[], message: string): void => {
    context.addIssue({ code: 'custom', path, message });
  };
  const given = Object.keys(spec.scope).filter((name) => spec.scope[name as keyof Scope]);
  const scopes = targetsOf[spec.kind].map((target) => scopeOfTarget[target]);
  const fits = (wanted: readonly string[]) =>
    wanted.length === given.length && wanted.every((name) => given.includes(name));
  if (!scopes.some(fits)) {
    const ways = scopes.map((names) => names.join(' and ') || 'nothing');
    refuse(['scope'], `${spec.kind} takes ${ways.join(', or ')}`);
  }
  if (spec.scope.link && spec.scope.link.from === spec.scope.link.to) {
    refuse(['scope', 'link'], 'a link leads from one cluster to another');
  }
  for (const name of ['slow', 'fail'] as const) {
    if (spec.kind === name && !spec[name]) refuse([name], `say what ${name} means: see the help`);
    if (spec.kind !== name && spec[name]) refuse([name], `${name} belongs to a drill of that kind`);
  }
  if (context.issues.length > 0) return;
  const lasts = 2 * msOf(spec.ramp) + msOf(spec.duration);
  if (lasts === 0) refuse(['duration'], 'a drill lasts longer than 0s');
  if (lasts > msOf(spec.guardrails.timeLimit)) {
    refuse(['guardrails', 'timeLimit'], 'the ramp, both ways, and the duration take longer');
  }
});

/** The limits a drill is held to: its guardrails, and where it is forced what was given in the place of some. */
export function guardrailsOf({
  spec,
  forced,
}: {
  readonly spec: DrillSpec;
  readonly forced: boolean;
}): Guardrails {
  const { guardrails, overrides } = spec;
  if (!forced || overrides === undefined) return guardrails;
  const given = Object.entries(overrides).filter(([, limit]) => limit !== undefined);
  return { ...guardrails, ...Object.fromEntries(given) };
}

export type Scope = z.output<typeof scopeSchema>;
export type Guardrails = z.output<typeof guardrailsSchema>;
export type Objectives = z.output<typeof objectivesSchema>;
export type DrillSpec = z.output<typeof fields>;
/** A drill as it may be written: what has a default may be left out. */
export type DrillSpecInput = z.input<typeof fields>;
