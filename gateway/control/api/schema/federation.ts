/** Owns the shapes of what changes the federation answers with: tokens, joins, leaves. */
import { z } from 'zod';
import { outcomes, subjects } from '../../../../federation/preflight.ts';
import { list, moment, named, object } from './shape.ts';

export const createdTokenSchema = named('CreatedToken', 'A join token: the one time it is shown', {
  token: z.string().describe('The token itself: a secret, good once'),
  id: z.string().describe('Name of the token, which is no secret'),
  expiresAt: moment.describe('When it expires, in milliseconds since 1970'),
  fingerprint: z.string().describe('Fingerprint of the root that who joins with it will pin'),
});

const line = object({
  subject: z
    .enum(subjects)
    .describe(
      '`reach`: whom this gateway reaches; `reached`: what the gateway that admits saw when it dialed back',
    ),
  outcome: z.enum(outcomes).describe('`refused`: joining is refused for it'),
  what: z.string(),
  code: z.string().optional().describe('Error code; absent from what is well'),
  fix: z.string().optional().describe('What to do about it'),
});

export const joinResultSchema = named('JoinResult', 'What joining changed, or would change', {
  federation: z.string(),
  via: z.string().describe('The cluster that admits'),
  fingerprint: z.string().describe('Fingerprint of its root, as the token names it'),
  adds: object({
    clusters: list(object({ cluster: z.string(), region: z.string(), fingerprint: z.string() })),
  }).describe('The members that this cluster will believe'),
  lines: list(line).describe('All that was looked at'),
  changes: list(z.string()).describe('What changes, in words'),
  gains: list(
    object({
      identity: z.string().describe('SPIFFE IDs, as `spiffe://dc2.acme/gateway/*`'),
      gains: z.string(),
    }),
  ).describe('Which identities may do what from then on'),
  joined: z.boolean().describe('Whether it was done'),
});

export const leaveResultSchema = named('LeaveResult', 'Which cluster left', {
  left: z.string(),
  etcdUser: z
    .string()
    .optional()
    .describe(
      'Its user as `isthmus registry prepare` names it, which may stay; absent without etcd',
    ),
});
