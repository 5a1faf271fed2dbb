/** Owns the shape of an entry of the audit. */
import { z } from 'zod';
import { auditWays } from '../../audit/entry.ts';
import { count, list, moment, named, object } from './shape.ts';

export const auditItemSchema = named(
  'AuditEntry',
  'One change that was asked for, and what became of it',
  {
    /** Grows with time: see Event. */
    id: z.string(),
    at: moment,
    who: z.string(),
    via: z
      .enum(auditWays)
      .optional()
      .describe('How it was known who it is; absent in entries of earlier versions'),
    role: z.enum(['viewer', 'operator', 'admin', 'none']),
    from: z.string().describe('Address it came from'),
    method: z.string(),
    path: z.string(),
    operation: z
      .string()
      .optional()
      .describe('Name of the operation, as this description has it; absent where there is none'),
    object: z.string().optional().describe('The object of the operation'),
    status: z.int(),
    code: z.string().optional().describe('Code of the refusal or failure'),
    changes: list(
      object({
        field: z.string().describe('`spec.rules[0].timeout`; empty for all of it'),
        before: z.unknown().optional().describe('Absent where there was nothing'),
        after: z.unknown().optional().describe('Absent where there is nothing any more'),
      }),
    )
      .optional()
      .describe(
        'What is other than it was, as observed when it was answered; secrets are redacted',
      ),
    leftOut: count
      .optional()
      .describe('Entries of refused callers without a role that were left out before this one'),
  },
);
