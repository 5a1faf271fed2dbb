/** Owns how a drill is described: its kind, scope, ramp, duration, guardrails and objectives, checked and with defaults. */
import { z } from 'zod';
import { durationTextSchema as durationText, msOf } from '../../core/duration.ts';
import { clusterNameSchema, labelSchema, serviceNameSchema } from '../../registry/model.ts';
import { drillKinds, scopeOfTarget, targetsOf } from './fields.ts';

const share = z.number().min(0).max(1);

/** The scope of a drill. `targetsOf` says which fields a kind takes. */
const scopeSchema = z.strictObject({
  cluster: clusterNameSchema.optional().describe('Cluster that it strikes'),
  service: serviceNameSchema.optional().describe('Service that it strikes, as `orders.shop`'),
  zone: labelSchema.optional().describe('Zone of `cluster` that it strikes'),
  link: z
    .strictObject({
      from: clusterNameSchema.describe('Cluster that asks'),
      to: clusterNameSchema.describe('Cluster that is asked'),
    })
    .optional()
    .describe('Requests that one cluster sends to another'),
});

export const guardrailNames = ['errorRate', 'p99', 'load', 'minHealthy', 'timeLimit'] as const;

/** What a guardrail that can be overridden may be set to. */
const limits = {
  errorRate: share.describe('Most of the requests concerned that may fail, 0 to 1'),
  p99: durationText.describe(
    "Longest time to the response's head for 99 of 100 of the requests concerned",
  ),
  load: z
    .number()
    .positive()
    .max(10)
    .describe(
      'Most load of a cluster, by everything it answers, against its stated capacity; not watched where none is stated',
    ),
  minHealthy: z.int().min(0).describe('Fewest healthy copies left of every service concerned'),
};

export const guardrailsSchema = z.strictObject({
  errorRate: limits.errorRate.default(0.01),
  p99: limits.p99.optional(),
  load: limits.load.default(0.9),
  minHealthy: limits.minHealthy.default(1),
  timeLimit: durationText
    .default('5m')
    .describe('Longest time from the first effect to the last; every gateway holds it by itself'),
});

const overridesSchema = z.strictObject(limits).partial();

export const objectivesSchema = z.strictObject({
  rto: durationText
    .default('5s')
    .describe(
      'Longest time from the effect being in force until traffic has moved and no more fails than allowed',
    ),
  errorBudget: share
    .default(0.001)
    .describe('Most of the requests concerned during the drill that may fail, 0 to 1'),
});

const fields = z.strictObject({
  kind: z.enum(drillKinds).describe('What it does'),
  scope: scopeSchema
    .prefault({})
    .describe('What it strikes; which fields go together depends on `kind`'),
  slow: z
    .strictObject({
      delay: durationText.describe('Delay of each request concerned'),
      jitter: durationText
        .default('0s')
        .describe('Most that it is longer or shorter by, at random'),
    })
    .optional()
    .describe('The delay that `slow` adds to each request concerned'),
  fail: z
    .strictObject({
      percent: z.number().gt(0).max(100).describe('Share of the requests concerned, in percent'),
      status: z.int().min(400).max(599).default(503).describe('Status that they are answered with'),
    })
    .optional()
    .describe('The status that `fail` answers with, and the share of the requests that get it'),
  ramp: durationText
    .default('10s')
    .describe('How long the effect takes from nothing to all, and back'),
  duration: durationText.default('60s').describe('How long it is in force in full'),
  guardrails: guardrailsSchema
    .prefault({})
    .describe('Limits that end it at once when they are passed'),
  overrides: overridesSchema
    .optional()
    .describe(
      'Limits in place of guardrails that it is predicted to break; only where it is forced',
    ),
  objectives: objectivesSchema.prefault({}).describe('What it has to show to have passed'),
  reason: z.string().max(500).optional().describe('Why it is run'),
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
