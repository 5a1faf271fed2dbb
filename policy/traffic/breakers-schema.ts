/** Owns how circuit breakers are written. */
import { z } from 'zod';
import { defaultBreakers } from './breakers.ts';

const most = z.int().min(0).max(10_000_000);

export const breakersSchema = z.strictObject({
  maxConnections: most
    .default(defaultBreakers.maxConnections)
    .describe("Most connections to the own cluster's endpoints; 0: no limit"),
  maxPending: most
    .default(defaultBreakers.maxPending)
    .describe(
      "Most requests that wait for a connection to the own cluster's endpoints; 0: no limit",
    ),
  maxRequests: most
    .default(defaultBreakers.maxRequests)
    .describe('Most requests under way to one cluster; 0: no limit'),
  maxRetries: most
    .default(defaultBreakers.maxRetries)
    .describe('Most retries under way to one cluster; 0: no limit'),
});
