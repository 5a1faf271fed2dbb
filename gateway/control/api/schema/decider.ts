/** Owns the fields by which an answer names, beside its policy, what decided of a request: the rule, whose policy it is, and the code of a refusal. */
import { z } from 'zod';
import { errorCodes } from '../../../../core/error-codes.ts';
import { count } from './shape.ts';

export const decider = {
  rule: count.optional().describe('The rule of that policy that decides, from 1 on'),
  of: z.string().optional().describe('Whose policy that is: a cluster, or `federation`'),
  code: z
    .enum(Object.keys(errorCodes) as [keyof typeof errorCodes])
    .optional()
    .describe('Code of a refusal'),
};
