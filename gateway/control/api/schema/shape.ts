/** Owns the building blocks of the admin API's answer shapes: named objects, lists and the units that recur in them. */
import { z } from 'zod';

/** An object of exactly these fields; `id` is its name in the API's description. */
export function named<S extends z.ZodRawShape>(id: string, description: string, shape: S) {
  return z.strictObject(shape).readonly().meta({ id, description });
}

export function object<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape).readonly();
}

export function list<S extends z.ZodType>(item: S) {
  return z.array(item).readonly();
}

/** A count of things. */
export const count = z.int().min(0);
/** Wall time in milliseconds since the epoch. */
export const moment = z.int().min(0).describe('Wall time, milliseconds since the epoch');
export const milliseconds = z.number().min(0);
export const perSecond = z.number().min(0);
/** `host:port`. */
export const address = z.string();
