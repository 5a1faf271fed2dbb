/** Owns what one gateway found of each other cluster: its row of the matrix, in cells of findings. */
import { z } from 'zod';
import { labelSchema } from '../../../registry/model.ts';

/** What is looked at in another cluster, in the order in which one rests on the other. */
const subjects = [
  'path',
  'identity',
  'latency',
  'clock',
  'policy',
  'service',
  'bandwidth',
] as const;

/** From worst to best. `unknown`: it could not be looked at, which says nothing of it. */
export const outcomes = ['failed', 'warning', 'unknown', 'ok'] as const;
export type Outcome = (typeof outcomes)[number];

const finding = z.strictObject({
  subject: z.enum(subjects).describe('What was looked at'),
  outcome: z
    .enum(outcomes)
    .describe('`unknown`: it could not be looked at, which says nothing of it'),
  what: z.string().max(2000).describe('What was found'),
});
export type Finding = z.output<typeof finding>;

export const cellShape = {
  to: labelSchema.describe('The other cluster'),
  at: z.int().min(0).describe('When it was looked at, in milliseconds since 1970'),
  outcome: z.enum(outcomes).describe('The worst of its findings'),
  since: z
    .int()
    .min(0)
    .describe('When that gateway first found it so, without a break, in milliseconds since 1970'),
  rttMs: z.number().min(0).optional().describe('Median of some round trips, in milliseconds'),
  offsetMs: z
    .number()
    .optional()
    .describe('How far the clock there is ahead, in milliseconds; negative: behind'),
  bytesPerSecond: z.number().min(0).optional().describe('What a transfer from there came to'),
  findings: z.array(finding).max(64).readonly().describe('One for each subject that was looked at'),
};
const cell = z.strictObject(cellShape);
export type Cell = z.output<typeof cell>;

export const rowShape = {
  cluster: labelSchema.describe('Cluster of the gateway'),
  gateway: labelSchema.describe('Its id'),
  cells: z.array(cell).max(1024).readonly().describe('One for each other cluster'),
};
export const rowSchema = z.strictObject(rowShape);
export type Row = z.output<typeof rowSchema>;

/** The worst of several; `unknown` of none. */
export function worst(all: Iterable<Outcome>): Outcome {
  const found = new Set(all);
  return outcomes.find((one) => found.has(one)) ?? 'unknown';
}
