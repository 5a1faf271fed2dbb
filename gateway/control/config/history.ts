/** Owns the `history` part of the configuration: how much is kept of what this cluster believed. */
import { z } from 'zod';

const MiB = 1024 * 1024;

export const historySchema = z.strictObject({
  /** Bytes that all its files may take. */
  maxBytes: z
    .int()
    .min(MiB)
    .max(64 * 1024 * MiB)
    .default(32 * MiB),
  /** Days after which a file goes. */
  maxAgeDays: z.int().min(1).max(36_500).default(30),
});
