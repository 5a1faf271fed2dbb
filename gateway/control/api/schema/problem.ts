/** Owns the shape of a refusal or failure: problem details (RFC 9457) with our code, place and advice. */
import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../../../../core/error-codes.ts';
import { named } from './shape.ts';

export const problemSchema = named('Problem', 'A refusal or failure', {
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** Stable; the texts may improve. */
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  /** What happened. */
  detail: z.string(),
  /** A field, a file, an address. */
  where: z.string().optional(),
  /** What to do next. */
  fix: z.string(),
});
