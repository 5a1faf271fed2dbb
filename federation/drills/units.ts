/** Owns the units that the shapes of drills are made of. */
import { z } from 'zod';

/** Milliseconds since 1970. */
export const wallMs = z.int().min(0);
export const momentOf = (what: string) => wallMs.describe(`${what}, in milliseconds since 1970`);
export const count = z.int().min(0);
export const rate = z.number().min(0);
export const text = z.string().max(1000);
