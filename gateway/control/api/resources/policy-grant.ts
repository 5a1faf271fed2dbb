/** Owns the declaration of a grant: that a cluster may write policies of the whole federation. */
import { z } from 'zod';
import { clusterNameSchema } from '../../../../registry/model.ts';
import { resource } from '../resource.ts';
import { moment, named } from '../schema/shape.ts';

const reason = z
  .string()
  .min(1)
  .max(500)
  .optional()
  .describe('Why it may, for those who look later');

export const policyGrantResource = resource({
  name: 'policy_grant',
  plural: 'policy_grants',
  tag: 'Federation',
  summary:
    'That a cluster may write policies of the whole federation; put at the cluster of its founder',
  path: '/v1/grants/policy/{cluster}',
  collection: '/v1/grants/policy',
  params: z.strictObject({
    cluster: clusterNameSchema.describe('Member that may write policies'),
  }),
  body: z.strictObject({ reason }),
  answer: named('PolicyGrant', 'A cluster that may write policies of the whole federation', {
    cluster: z.string().describe('Member that may write policies'),
    founder: z.boolean().describe('Whether it may because it is the founder, who grants to others'),
    reason,
    by: z.string().optional().describe('Who granted it, as the audit names them'),
    at: moment.optional().describe('When it was granted, in milliseconds since 1970'),
  }),
  role: 'admin',
  says: {
    list: 'The clusters that may write policies of the whole federation, the founder among them',
    get: 'Whether a cluster may write policies of the whole federation, and by whose wish',
    put: 'Lets a cluster write policies of the whole federation; asked of a gateway of the founder',
    delete: 'Takes that back: what the cluster wrote is in force no more',
  },
});
