/** Owns turning values into the admin API's JSON, and back. */
import { isList, isMap, mapped, unknown, type Value, type ValueMap } from '../values/value.ts';
import { type Attributes, fieldOf, type ObjectShape, type Shape, valuesOf } from './attribute.ts';

/** The JSON of an object: what is null is left out. What is unknown stays `unknown`, or is left out too. */
export function toBody(
  attributes: Attributes,
  values: ValueMap,
  unknowns: 'kept' | 'left out',
): Record<string, unknown> {
  const fields = Object.entries(attributes).flatMap(([name, attribute]) => {
    const value = toWire(attribute.shape, values[name] ?? null, unknowns);
    return value === undefined ? [] : [[fieldOf(name, attribute), value] as const];
  });
  return Object.fromEntries(fields);
}

/** Undefined for null. */
export function toWire(shape: Shape, value: Value, unknowns: 'kept' | 'left out'): unknown {
  if (value === null) return undefined;
  if (value === unknown) return unknowns === 'kept' ? unknown : undefined;
  switch (shape.kind) {
    case 'string':
      return textToWire(shape, value as string);
    case 'list':
      return isList(value) ? value.map((item) => toWire(shape.of, item, unknowns)) : undefined;
    case 'map':
      return isMap(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, item]) => [name, toWire(shape.of, item, unknowns)]),
          )
        : undefined;
    case 'object': {
      if (!isMap(value)) return undefined;
      const word = wordIn(shape, value);
      return word ?? toBody(shape.attributes, value, unknowns);
    }
    default:
      return value;
  }
}

function textToWire(shape: Extract<Shape, { kind: 'string' }>, text: string): unknown {
  if (shape.json) return jsonOf(text);
  return shape.orNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** A text that is no JSON is sent as it is, for the gateway to refuse. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The word that stands for the whole object, where it is the only thing said. */
function wordIn({ words = {} }: ObjectShape, value: ValueMap): string | undefined {
  const [only, ...more] = Object.entries(value).filter(([, one]) => one !== null);
  return only?.[1] === true && more.length === 0 ? words[only[0]] : undefined;
}

/** The values of an object that was answered: every attribute is there, null where nothing was said. */
export function fromBody(attributes: Attributes, json: unknown): ValueMap {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  return valuesOf(attributes, (attribute, name) =>
    fromWire(attribute.shape, fields[fieldOf(name, attribute)]),
  );
}

/** An answer of another shape than this, as of a newer gateway, is null. */
export function fromWire(shape: Shape, json: unknown): Value {
  if (json === undefined || json === null) return null;
  switch (shape.kind) {
    case 'string':
      if (shape.json) return JSON.stringify(json);
      return typeof json === 'string' ? json : typeof json === 'object' ? null : String(json);
    case 'number':
      return typeof json === 'number' ? json : null;
    case 'bool':
      return typeof json === 'boolean' ? json : shape.orEmpty === true;
    case 'list':
      return Array.isArray(json) ? json.map((item) => fromWire(shape.of, item)) : null;
    case 'map':
      return typeof json === 'object' && !Array.isArray(json)
        ? mapped(json as ValueMap, (item) => fromWire(shape.of, item))
        : null;
    case 'object':
      return typeof json === 'string' ? fromWord(shape, json) : fromBody(shape.attributes, json);
  }
}

function fromWord({ attributes, words = {} }: ObjectShape, word: string): ValueMap {
  return valuesOf(attributes, (_, name) => (words[name] === word ? true : null));
}
