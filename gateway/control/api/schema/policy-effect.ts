/** Owns the shapes of a question what writing policies would make of the requests of the last minutes, and of its answer. */
import { z } from 'zod';
import { endKinds } from '../../../data/explain/replay/fate.ts';
import { changeKinds } from '../../../data/explain/replay/tally.ts';
import { decider } from './decider.ts';
import { place, planBodySchema } from './policy-plan.ts';
import { count, list, named, object, perSecond } from './shape.ts';

export const effectBodySchema = z.strictObject({
  documents: planBodySchema.shape.documents.default([]),
  removed: z
    .array(z.strictObject(place))
    .max(500)
    .default([])
    .describe('Policies that would be deleted'),
});

const endSchema = object({
  kind: z
    .enum(endKinds)
    .describe(
      'goes: a service gets it; refused, limited, answered: by the gateway; unknown: it depends on what was not kept of the request',
    ),
  says: z.string().describe('Where it goes, or why it does not'),
  policy: z.string().optional().describe('Policy that decides, KIND/NAMESPACE/NAME'),
  ...decider,
});
const requests = z.number().min(0);

export const effectSchema = named(
  'PolicyEffect',
  'What writing policies would make of the requests of the last minutes',
  {
    sampled: count.describe('Requests that this gateway remembers and was asked about'),
    requests: requests.describe('Requests that these stand for'),
    seconds: z.number().min(0).describe('Seconds since the oldest of them'),
    changed: z
      .number()
      .min(0)
      .max(1)
      .describe('Share of the requests that would end otherwise, 0 to 1'),
    changes: list(
      object({
        kind: z
          .enum(changeKinds)
          .describe(
            'elsewhere: by another service or cluster; served: what is not served now; else how it would end',
          ),
        from: endSchema.describe('How they end now'),
        to: endSchema.describe('How they would end'),
        sampled: requests.describe('Remembered requests, in parts where only some such end so'),
        requests: requests.describe('Requests that they stand for'),
        share: z.number().min(0).max(1).describe('Share of all, 0 to 1'),
      }),
    ).describe('What would end otherwise, the most requests first'),
    clusters: list(
      object({
        cluster: z.string().describe('Cluster that serves'),
        before: perSecond.describe('Requests a second that all gateways ask of it now'),
        after: perSecond.describe('The same with what the policies would move by this gateway'),
        capacity: z.number().optional().describe('Requests a second that it states it can take'),
      }),
    ).describe('What each cluster would be asked'),
    notes: list(z.string()).describe('What else is to be known'),
  },
);

export type PolicyEffect = z.output<typeof effectSchema>;
export type EffectQuestion = z.output<typeof effectBodySchema>;
