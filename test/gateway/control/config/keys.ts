/** Owns every key that a configuration may have, as its schema says (`services[].endpoints[].weight`), and those that one has. */
import type { z } from 'zod';
import { configSchema } from '../../../../gateway/control/config/config.ts';

interface Place {
  readonly path: string;
  readonly schema: z.core.$ZodType;
}

const { keys, places } = allKeys();

/**
 * The keys that hold a value. What is written in one way in several places, as a policy is, has its keys in the first of
 * them; the others are one key each.
 */
export function configKeys(): readonly string[] {
  return keys;
}

/** A key that a configuration has, and the object that has it, by `name`. */
interface WrittenKey {
  readonly key: string;
  readonly holder: Record<string, unknown>;
  readonly name: string;
}

/** Every key that a configuration has, those that hold others too, named as `configKeys` names them wherever they are written. */
export function* keysIn(
  value: unknown,
  schema: z.core.$ZodType = configSchema,
): Generator<WrittenKey> {
  if (Array.isArray(value)) {
    for (const one of value) yield* keysIn(one, schema);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const one of parts(schema)) {
    for (const [name, inner] of Object.entries(one.schema.def.shape)) {
      if (!(name in holder)) continue;
      yield { key: keyIn(places.get(one.schema) ?? '', name), holder, name };
      yield* keysIn(holder[name], inner);
    }
  }
}

function allKeys(): { keys: string[]; places: Map<z.core.$ZodType, string> } {
  const keys: string[] = [];
  /** Where each object is written first. */
  const places = new Map<z.core.$ZodType, string>();
  // Those nearest to the top come first.
  const queue: Place[] = [{ path: '', schema: configSchema }];
  for (const { path, schema } of queue) {
    const inside = parts(schema);
    if (inside.length === 0 || inside.every((one) => places.has(one.schema))) keys.push(path);
    for (const one of inside) {
      if (places.has(one.schema)) continue;
      places.set(one.schema, path + one.path);
      for (const [name, value] of Object.entries(one.schema.def.shape)) {
        queue.push({ path: keyIn(path + one.path, name), schema: value });
      }
    }
  }
  return { keys, places };
}

function keyIn(place: string, name: string): string {
  return place === '' ? name : `${place}.${name}`;
}

interface Part {
  readonly path: '' | '[]';
  readonly schema: z.ZodObject;
}

/** Those that a configuration is put together from. */
type AnySchema =
  | z.ZodObject
  | z.ZodArray
  | z.ZodPipe
  | z.ZodUnion
  | z.ZodOptional
  | z.ZodDefault
  | z.ZodPrefault
  | z.ZodString;

/** The objects that a value consists of, or may be. */
function parts(schema: z.core.$ZodType, path: Part['path'] = ''): Part[] {
  const { def } = schema as AnySchema;
  switch (def.type) {
    case 'object':
      return Object.keys(def.shape).length > 0 ? [{ path, schema: schema as z.ZodObject }] : [];
    case 'array':
      return parts(def.element, '[]');
    case 'pipe':
      return parts(def.in, path);
    case 'union':
      return def.options.flatMap((option) => parts(option, path));
    case 'optional':
    case 'default':
    case 'prefault':
      return parts(def.innerType, path);
    default:
      return [];
  }
}
