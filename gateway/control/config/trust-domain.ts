/** Owns SPIFFE trust domains, and IDs in them, as the configuration has them. */
import { z } from 'zod';
import { parseSpiffeId, parseTrustDomain, type TrustDomain } from '../../../certs/spiffe-id.ts';
import { messageOf } from '../../../core/errors.ts';

export const trustDomainSchema = z
  .string()
  .transform((text, context): TrustDomain => readBy(parseTrustDomain, text, context));

/** Kept as the text that it is. */
export const spiffeIdSchema = z
  .string()
  .transform((text, context): string => readBy(parseSpiffeId, text, context).uri);

function readBy<T>(read: (text: string) => T, text: string, context: z.RefinementCtx): T {
  try {
    return read(text);
  } catch (thrown) {
    context.addIssue({ code: 'custom', message: messageOf(thrown) });
    return z.NEVER;
  }
}
