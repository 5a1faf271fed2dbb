/** Owns the shapes of the pairwise matrix, and of what gateways tell each other for it. */
import { z } from 'zod';
import { factsShape } from '../../verify/facts.ts';
import { cellShape, outcomes, rowShape } from '../../verify/row.ts';
import { list, moment, named, object } from './shape.ts';

const pair = object({
  from: z.string().describe('Cluster from which it was looked'),
  to: z.string().describe('Cluster that was looked at'),
  outcome: z
    .enum(outcomes)
    .describe(
      '`failed`: no gateway of `from` gets through, or what each found is wrong; `warning`: in part; `unknown`: no gateway of `from` says',
    ),
  why: z.string().optional().describe('Why it is not known'),
  since: moment.optional().describe('Since when it is so, in milliseconds since 1970'),
  rttMs: z.number().min(0).optional().describe('The shortest round trip, in milliseconds'),
  seen: list(
    object({ gateway: z.string().describe('Id of the gateway of `from`'), ...cellShape }),
  ).describe('What each gateway of `from` found'),
});

export const matrixSchema = named('Matrix', 'How each cluster is seen from each other one', {
  by: z.string().describe('The gateway that put it together, as `cluster/id`'),
  at: moment.describe('When, in milliseconds since 1970'),
  clusters: list(z.string()).describe('The clusters of the federation'),
  pairs: list(pair).describe('One for each ordered pair of clusters'),
  unheard: list(z.string()).describe(
    'Gateways of which no row was had, as `cluster/id`: they do not answer, or no address that their cluster advertises leads to them',
  ),
});

export const matrixRowSchema = named(
  'MatrixRow',
  'How one gateway sees each other cluster',
  rowShape,
);
export const factsSchema = named(
  'GatewayFacts',
  'What a gateway tells those that verify it',
  factsShape,
);

export const verifyBodySchema = z.strictObject({
  services: z
    .boolean()
    .default(true)
    .describe('Send a HEAD request to a service that each other cluster exports'),
  bandwidth: z.boolean().default(false).describe('Have each other cluster send 4 MiB'),
});

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

export const rowQuerySchema = z.strictObject({
  look: z.enum(['last', 'now']).default('last').describe('`now`: look first'),
  services: flag.describe('With `now`: send a HEAD request to a service of each other cluster'),
  bandwidth: flag.describe('With `now`: have each other cluster send 4 MiB'),
});
