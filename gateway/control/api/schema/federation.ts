/** Owns the shapes of what changes the federation answers with: tokens, joins, leaves. */
import { z } from 'zod';
import { list, moment, named, object } from './shape.ts';

export const createdTokenSchema = named('CreatedToken', 'A join token: the one time it is shown', {
  token: z.string().describe('The token itself: a secret, good once'),
  id: z.string().describe('Name of the token, which is no secret'),
  expiresAt: moment.describe('When it expires, in milliseconds since 1970'),
  fingerprint: z.string().describe('Fingerprint of the root that who joins with it will pin'),
});

export const joinResultSchema = named('JoinResult', 'What joining changed, or would change', {
  federation: z.string(),
  via: z.string(),
  fingerprint: z.string(),
  adds: object({
    clusters: list(object({ cluster: z.string(), region: z.string(), fingerprint: z.string() })),
  }),
  joined: z.boolean(),
});

export const leaveResultSchema = named('LeaveResult', 'Which cluster left', { left: z.string() });
