/** Owns how session affinity is written in a traffic policy. */
import { z } from 'zod';
import { msOf } from '../../core/duration.ts';
import { token } from '../field-name.ts';
import { type AffinityPolicy, defaultCookie } from './affinity.ts';
import { durationOf } from './written.ts';

/** Fields that frame a message, say who is who, or hold what others put there: an answer must not have them anew. */
export const notForTokens =
  /^(?:x-isthmus-.*|x-forwarded-.*|connection|content-.*|cookie|set-cookie|date|expect|forwarded|grpc-.*|host|keep-alive|location|proxy-.*|te|trailer|transfer-encoding|upgrade|via|www-authenticate|authorization)$/i;

export const affinitySchema = z
  .strictObject({
    cookie: z
      .strictObject({
        name: token.max(64).default(defaultCookie.name).describe('Its name'),
        ttl: durationOf(defaultCookie.ttlMs).describe(
          'How long the client keeps it; 0s: as long as its session',
        ),
        path: z
          .string()
          .max(256)
          .regex(/^\/[\x21-\x3a\x3c-\x7e]*$/, 'use a path, without ; or spaces')
          .default(defaultCookie.path)
          .describe('Path below which the client sends it'),
      })
      .optional()
      .describe('A cookie that the gateway sets'),
    header: z
      .strictObject({
        name: token
          .max(64)
          .refine((name) => !notForTokens.test(name), 'use a name that nothing else goes by')
          .describe('Its name'),
      })
      .optional()
      .describe("A field of the gateway's answers that the client sends back"),
    source: z
      .literal(true)
      .optional()
      .describe("The client's address, hashed as the algorithm maglev does"),
    failover: z
      .boolean()
      .default(true)
      .describe(
        "Whether a client goes elsewhere while its endpoint can't take requests; else it is refused",
      ),
  })
  .refine(
    ({ cookie, header, source }) =>
      [cookie, header, source].filter((one) => one !== undefined).length === 1,
    'say one of cookie, header and source',
  );

/** Nothing where the client's address decides: that is an algorithm's. */
export function affinityOf(written: z.output<typeof affinitySchema> | undefined): {
  readonly affinity?: AffinityPolicy;
} {
  if (written === undefined) return {};
  const { cookie, header, failover } = written;
  if (header) return { affinity: { by: 'header', name: header.name.toLowerCase(), failover } };
  if (cookie === undefined) return {};
  const { name, ttl, path } = cookie;
  return { affinity: { by: 'cookie', name, path, ttlMs: msOf(ttl), failover } };
}
