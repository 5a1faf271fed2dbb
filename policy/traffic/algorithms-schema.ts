/** Owns how the settings of algorithms are written in a traffic policy. */
import { z } from 'zod';
import { msOf } from '../../core/duration.ts';
import { defaultSettings, type SlowStartPolicy } from './algorithms.ts';
import { durationOf, percent } from './written.ts';

const { leastRequest, ringHash, maglev, slowStart } = defaultSettings;
/** Envoy's. */
const mostPoints = 8_388_608;
const mostPlaces = 5_000_011;

export const leastRequestSchema = z.strictObject({
  activeRequestBias: z
    .number()
    .min(0)
    .max(100)
    .default(leastRequest.activeRequestBias)
    .describe(
      'Where weights differ, turns go by weight / (requests in flight + 1)^bias; 0: by weight alone',
    ),
});

export const ringHashSchema = z
  .strictObject({
    minimumRingSize: z
      .int()
      .min(0)
      .max(mostPoints)
      .default(ringHash.minimumRingSize)
      .describe('Least points on the ring; 0: 160 for each endpoint, and 1024 at least'),
    maximumRingSize: z
      .int()
      .min(1)
      .max(mostPoints)
      .default(ringHash.maximumRingSize)
      .describe('Most points on the ring'),
  })
  .refine(({ minimumRingSize, maximumRingSize }) => minimumRingSize <= maximumRingSize, {
    path: ['minimumRingSize'],
    message: 'use at most maximumRingSize',
  });

export const maglevSchema = z.strictObject({
  tableSize: z
    .int()
    .min(2)
    .max(mostPlaces)
    .refine(isPrime, 'use a prime, such as 65537')
    .default(maglev.tableSize)
    .describe('Places in the table, a prime'),
});

export const slowStartSchema = z.strictObject({
  window: durationOf(slowStart.windowMs).describe(
    'How long an endpoint that is new, or healthy again, takes to get all of its share; 0s: it has it at once',
  ),
  aggression: z
    .number()
    .min(0.01)
    .max(100)
    .default(slowStart.aggression)
    .describe('Over 1 its share grows faster at first, under 1 later; 1: evenly'),
  minWeightPercent: percent
    .default(slowStart.minWeightPercent)
    .describe('Least part of its weight, in percent'),
});

export function slowStartOf(written: z.output<typeof slowStartSchema>): SlowStartPolicy {
  const { window, ...same } = written;
  return { windowMs: msOf(window), ...same };
}

function isPrime(number: number): boolean {
  for (let i = 2; i * i <= number; i++) if (number % i === 0) return false;
  return number > 1;
}
