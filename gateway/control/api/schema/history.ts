/** Owns the shapes of what a cluster believed. */
import { z } from 'zod';
import { count, list, moment, named, object } from './shape.ts';

const written = {
  at: moment.describe('When it was written down, in wall milliseconds; changes are within seconds'),
  revision: count.describe('Revision of the registry that was known'),
  restartedAt: moment
    .optional()
    .describe(
      'When the gateway was started again after that: whether it ran until then is not known',
    ),
};

export const pastSchema = named('Past', 'What a gateway believed at a moment', {
  cluster: z.string(),
  gateway: z.string(),
  ...written,
  facts: list(
    object({
      name: z
        .string()
        .describe(
          '`cluster/dc2`, `service/orders.shop`, `policy/cluster/Route/shop/orders`, `shifts`',
        ),
      fact: z.record(z.string(), z.unknown()).describe('What was believed of it'),
    }),
  ),
});

export const pastChangesSchema = named(
  'PastChanges',
  'What a gateway believed otherwise at another moment',
  {
    from: object(written),
    to: object(written),
    items: list(
      object({
        name: z.string().describe('Name of the fact'),
        change: z.enum(['added', 'changed', 'removed']),
        changes: list(
          object({
            field: z.string().describe('`exports.dc2.localities[0].healthy`'),
            before: z.unknown().optional(),
            after: z.unknown().optional(),
          }),
        ),
      }),
    ),
  },
);

export type PastAnswer = z.output<typeof pastSchema>;
export type PastChanges = z.output<typeof pastChangesSchema>;
