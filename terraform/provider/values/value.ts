/** Owns values of Terraform's language as the provider holds them: JSON's, and those that are not known yet. */

/** Stands for a value that only an apply will tell. No parser takes a symbol for anything else. */
export const unknown: unique symbol = Symbol('unknown');

export type Value = null | boolean | number | string | typeof unknown | readonly Value[] | ValueMap;

/** An object or a map. An object has all attributes of its schema, those that are not set as null. */
export interface ValueMap {
  readonly [name: string]: Value;
}

export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether nothing in it is unknown. */
export function isKnown(value: Value): boolean {
  if (isList(value)) return value.every(isKnown);
  if (isMap(value)) return Object.values(value).every(isKnown);
  return value !== unknown;
}

/** The same with null in the place of what is unknown. */
export function knownPart(value: Value): Value {
  if (isList(value)) return value.map(knownPart);
  if (isMap(value)) return mapped(value, knownPart);
  return value === unknown ? null : value;
}

export function mapped(map: ValueMap, change: (value: Value, name: string) => Value): ValueMap {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, change(value, name)]),
  );
}

/** Whether `value` is what was `planned`: the same, with anything in the place of what was unknown. */
export function conforms(value: Value, planned: Value): boolean {
  if (planned === unknown) return true;
  if (isList(planned)) {
    return (
      isList(value) &&
      value.length === planned.length &&
      planned.every((item, at) => conforms(value[at] ?? null, item))
    );
  }
  if (isMap(planned)) {
    return (
      isMap(value) &&
      Object.keys(value).length === Object.keys(planned).length &&
      Object.entries(planned).every(([name, inner]) => conforms(value[name] ?? null, inner))
    );
  }
  return value === planned;
}
