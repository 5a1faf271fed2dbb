/** Owns the shapes in which a text of policies is asked about: the documents it has, and what is wrong with it, each at its line. */
import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../../../../core/error-codes.ts';
import { labelSchema } from '../../../../registry/model.ts';
import { list, named, object } from './shape.ts';

/** Characters of a text: more than one policy may have, and less than a question may. */
const maxText = 256 * 1024;

const place = {
  line: z.int().min(1).describe('Line of the text, from 1'),
  column: z.int().min(1).describe('Column of that line, from 1'),
};

export const readBodySchema = z.strictObject({
  text: z
    .string()
    .max(maxText)
    .describe('Documents in YAML or JSON, as `isthmus apply` takes them'),
});

export const readSchema = named('PolicyReading', 'What a text of policies says', {
  documents: list(
    object({
      scope: z
        .enum(['cluster', 'federation'])
        .optional()
        .describe('Whose gateways go by it; absent where it says none, which is `cluster`'),
      kind: z.string().describe('Kind of the policy'),
      namespace: labelSchema.describe('Namespace that it is in; `default` where it names none'),
      name: labelSchema.describe('Name that it has there'),
      spec: z.record(z.string(), z.unknown()).describe('What it says, nothing filled in'),
      unhonoured: list(z.string()).describe('Fields that do nothing here, and why'),
      ...place,
    }),
  ).describe('Those without a fault, in their order'),
  faults: list(
    object({
      code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
      what: z.string().describe("What is wrong, with the field's path"),
      fix: z.string().describe('What to do about it'),
      ...place,
    }),
  ).describe('All that is wrong'),
});

export type PolicyReading = z.output<typeof readSchema>;
