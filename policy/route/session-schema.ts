/** Owns how a rule of a Route keeps sessions, as the Gateway API's `sessionPersistence` (GEP-1619) has it. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { durationTextSchema, msOf } from '../../core/duration.ts';
import { token } from '../field-name.ts';
import type { AffinityPolicy } from '../traffic/affinity.ts';
import { notForTokens } from '../traffic/affinity-schema.ts';

/** A session's times are kept in seconds. */
const atLeastOneSecond = durationTextSchema.refine((text) => msOf(text) >= 1000, 'use 1s or more');

export const sessionSchema = z
  .strictObject({
    sessionName: token
      .max(128)
      .refine((name) => !notForTokens.test(name), 'use a name that nothing else goes by')
      .optional()
      .describe("Name of the cookie or the field; default one of the rule's own"),
    absoluteTimeout: atLeastOneSecond
      .optional()
      .describe('How long a session lasts; default as long as the client brings it'),
    idleTimeout: atLeastOneSecond
      .optional()
      .describe('How long a session lasts without a request; default for ever'),
    type: z
      .enum(['Cookie', 'Header'])
      .default('Cookie')
      .describe('Whether a cookie holds it, or a field of answers that the client sends back'),
    cookieConfig: z
      .strictObject({
        lifetimeType: z
          .enum(['Session', 'Permanent'])
          .default('Session')
          .describe("Whether the cookie ends with the browser's session or with absoluteTimeout"),
      })
      .optional()
      .describe('What is said of the cookie'),
  })
  .superRefine(({ type, cookieConfig, absoluteTimeout }, context) => {
    const complain = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (cookieConfig !== undefined && type !== 'Cookie') {
      complain('cookieConfig', 'it is for type Cookie alone');
    }
    if (cookieConfig?.lifetimeType === 'Permanent' && absoluteTimeout === undefined) {
      complain('absoluteTimeout', 'say it: a permanent cookie lasts as long');
    }
  });

/** `rule`: what tells the rule from all others. */
export function sessionOf(written: z.output<typeof sessionSchema>, rule: string): AffinityPolicy {
  const { absoluteTimeout = '0s', idleTimeout = '0s', type, cookieConfig } = written;
  const name = written.sessionName ?? `isthmus-session-${hash('sha256', rule).slice(0, 8)}`;
  const absoluteMs = msOf(absoluteTimeout);
  const session = { absoluteMs, idleMs: msOf(idleTimeout) };
  const common = { failover: true, session };
  if (type === 'Header') return { ...common, by: 'header', name: name.toLowerCase() };
  const ttlMs = cookieConfig?.lifetimeType === 'Permanent' ? absoluteMs : 0;
  return { ...common, by: 'cookie', name, path: '/', ttlMs };
}
