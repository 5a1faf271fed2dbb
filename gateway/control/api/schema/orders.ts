/** Owns the pieces of a standing order's shape: why it was given, by whom and when. */
import { z } from 'zod';
import { count, moment } from './shape.ts';

export const reason = z
  .string()
  .max(500)
  .optional()
  .describe('Why it was ordered, for those who meet it');

export const givenShape = {
  by: z.string().describe('Cluster whose gateway gave the order'),
  at: moment.describe('When it was given, in milliseconds since 1970'),
  sequence: count.describe('Number of the order: the next about the same has a higher one'),
};
