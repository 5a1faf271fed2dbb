/** Owns making attributes of the admin API's shapes: a field that is added to one of those is an attribute by itself. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import { writtenDuration } from '../../../core/written-duration.ts';
import type { Value } from '../values/value.ts';
import {
  type Attribute,
  type Attributes,
  attributeName,
  type ObjectShape,
  type Shape,
  type StringShape,
} from './attribute.ts';
import { fromWire } from './wire.ts';

type Zod = z.core.$ZodType;
/** What zod says that a schema is. */
type Definition = z.core.$ZodTypes['_zod']['def'];

interface Reading {
  /** `body`: what is sent, before it is parsed. `answer`: what was answered. */
  readonly of: 'body' | 'answer';
  /** Paths of fields that the gateway chooses where they are left out, with dots. */
  readonly chosen: ReadonlySet<string>;
  readonly secret: ReadonlySet<string>;
  /** Within a choice of several shapes a default is that of one of them. */
  readonly withoutDefaults?: true;
}

interface Marks {
  readonly chosen?: readonly string[] | undefined;
  readonly secret?: readonly string[] | undefined;
}

/** The attributes of what is sent. `schema` is of an object. */
export function bodyAttributes(schema: Zod, marks: Marks = {}): Attributes {
  return attributesOf(schema, { of: 'body', ...marked(marks) });
}

/** The attributes of what is answered; all are computed. */
export function answerAttributes(schema: Zod, marks: Marks = {}): Attributes {
  return attributesOf(schema, { of: 'answer', ...marked(marks) });
}

function marked({ chosen = [], secret = [] }: Marks): Pick<Reading, 'chosen' | 'secret'> {
  return { chosen: new Set(chosen), secret: new Set(secret) };
}

function attributesOf(schema: Zod, reading: Reading): Attributes {
  const shape = shapeOf(schema, '', reading);
  if (shape.kind === 'object' && shape.words === undefined) return shape.attributes;
  throw unfit('', `a ${shape.kind} where an object should be`);
}

function shapeOf(schema: Zod, at: string, reading: Reading): Shape {
  const def = definition(schema);
  switch (def.type) {
    case 'string':
    case 'template_literal':
      return { kind: 'string' };
    case 'number':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'bool' };
    case 'enum':
      return { kind: 'string', oneOf: Object.values(def.entries).map(String) };
    case 'literal':
      return literalShape(def.values, at);
    case 'array':
      return { kind: 'list', of: shapeOf(def.element, at, reading) };
    case 'record':
      return { kind: 'map', of: shapeOf(def.valueType, at, reading) };
    case 'object':
      return { kind: 'object', attributes: fieldsOf(def.shape, at, reading) };
    case 'union':
      return unionShape(def.options, at, reading);
    case 'pipe':
      return pipeShape(schema, def, at, reading);
    case 'lazy':
      return shapeOf(def.getter(), at, reading);
    case 'unknown':
    case 'any':
      return { kind: 'string', json: true };
    default: {
      const inner = innerOf(def);
      if (inner !== undefined) return shapeOf(inner, at, reading);
      throw unfit(at, `a ${def.type}`);
    }
  }
}

function definition(schema: Zod): Definition {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** What a schema that says something more about another one is about. */
function innerOf(def: Definition): Zod | undefined {
  return 'innerType' in def ? def.innerType : undefined;
}

function fieldsOf(fields: Readonly<Record<string, Zod>>, at: string, reading: Reading): Attributes {
  return Object.fromEntries(
    Object.entries(fields).map(([field, schema]) => {
      const path = at === '' ? field : `${at}.${field}`;
      const name = attributeName(field);
      const attribute = attributeOf(schema, path, reading);
      return [name, name === field ? attribute : { ...attribute, field }];
    }),
  );
}

function attributeOf(schema: Zod, path: string, reading: Reading): Attribute {
  const shape = shapeOf(schema, path, reading);
  const said = {
    shape,
    description: descriptionOf(schema),
    ...(reading.secret.has(path) && { sensitive: true }),
  };
  if (reading.of === 'answer') return { ...said, setBy: 'computed' };
  if (reading.chosen.has(path)) return { ...said, setBy: 'chosen' };
  if (schema._zod.optin === undefined) return { ...said, setBy: 'required' };
  const fallback = defaultOf(schema, shape);
  if (fallback === undefined) return { ...said, setBy: 'optional' };
  const isUsable = fallback.value !== undefined && reading.withoutDefaults !== true;
  return { ...said, setBy: 'chosen', ...(isUsable && { default: fallback.value }) };
}

/** The nearest description: of the schema itself, or of what it says something more about. */
function descriptionOf(schema: Zod): string {
  const { description } = schema as z.ZodType;
  if (description !== undefined) return description;
  const def = definition(schema);
  const inner = def.type === 'pipe' ? def.in : innerOf(def);
  return inner === undefined ? '' : descriptionOf(inner);
}

/**
 * Undefined where there is no default. It has no value where it can't be written: a default is of what a schema parses to, which
 * may be another thing than what it parses. A duration's milliseconds are written as people do.
 */
function defaultOf(schema: Zod, shape: Shape): { readonly value: Value | undefined } | undefined {
  const def = definition(schema);
  if (def.type === 'prefault') return { value: fromWire(shape, def.defaultValue) };
  if (def.type !== 'default') {
    const inner = innerOf(def);
    return inner === undefined ? undefined : defaultOf(inner, shape);
  }
  const { defaultValue } = def;
  const isDuration = shape.kind === 'string' && typeof defaultValue === 'number';
  const written = [defaultValue, ...(isDuration ? [writtenDuration(defaultValue)] : [])].find(
    (one) => isDeepStrictEqual(parsed(def.innerType, one), defaultValue),
  );
  return { value: written === undefined ? undefined : fromWire(shape, written) };
}

/** Undefined for what is wrong. */
function parsed(schema: Zod, input: unknown): unknown {
  return (schema as z.ZodType).safeParse(input).data;
}

function pipeShape(
  schema: Zod,
  def: Extract<Definition, { type: 'pipe' }>,
  at: string,
  reading: Reading,
): Shape {
  const [first, second] = reading.of === 'body' ? [def.in, def.out] : [def.out, def.in];
  const isOpen = definition(first).type === 'transform';
  const shape = shapeOf(isOpen ? second : first, at, reading);
  return reading.of === 'body' ? { ...shape, meaning: (json) => parsed(schema, json) } : shape;
}

function literalShape(values: readonly unknown[], at: string): Shape {
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size === 1) {
    if (kinds.has('string')) return { kind: 'string', oneOf: values.map(String) };
    if (kinds.has('number')) return { kind: 'number' };
    if (kinds.has('boolean')) return { kind: 'bool' };
  }
  throw unfit(at, `one of ${values.map(String).join(', ')}`);
}

/** Of one kind: that kind. Of texts and numbers: texts. Of objects: an object with the attributes of all. */
function unionShape(options: readonly Zod[], at: string, reading: Reading): Shape {
  const shapes = options.map((one) => shapeOf(one, at, { ...reading, withoutDefaults: true }));
  const objects = shapes.filter((shape): shape is ObjectShape => shape.kind === 'object');
  if (objects.length > 0) return objectOfUnion(objects, shapes, at);
  const kinds = new Set(shapes.map(({ kind }) => kind));
  const [first] = shapes;
  if (first !== undefined && kinds.size === 1) {
    return first.kind === 'string' ? stringOfUnion(shapes as StringShape[]) : first;
  }
  if (kinds.size === 2 && kinds.has('string') && kinds.has('number')) {
    return { kind: 'string', orNumber: true };
  }
  throw unfit(at, `one of ${[...kinds].join(', ')}`);
}

function stringOfUnion(shapes: readonly StringShape[]): StringShape {
  if (shapes.some(({ oneOf }) => oneOf === undefined)) return { kind: 'string' };
  return { kind: 'string', oneOf: shapes.flatMap(({ oneOf = [] }) => oneOf) };
}

function objectOfUnion(objects: readonly ObjectShape[], all: readonly Shape[], at: string): Shape {
  const others = all.filter(({ kind }) => kind !== 'object');
  const names = new Set(objects.flatMap(({ attributes }) => Object.keys(attributes)));
  if (names.size === 0 && others.every(({ kind }) => kind === 'bool')) {
    return { kind: 'bool', orEmpty: true };
  }
  const words = others.flatMap((shape) => (shape.kind === 'string' ? shape.oneOf : undefined));
  if (words.some((word) => word === undefined)) throw unfit(at, 'an object or any text');
  return {
    kind: 'object',
    attributes: { ...attributesOfAll(objects, [...names]), ...wordAttributes(words as string[]) },
    ...(words.length > 0 && {
      words: Object.fromEntries((words as string[]).map((word) => [attributeName(word), word])),
    }),
  };
}

/** Only what each of the objects asks for is required. */
function attributesOfAll(objects: readonly ObjectShape[], names: readonly string[]): Attributes {
  return Object.fromEntries(
    names.map((name) => {
      const found = objects.flatMap(({ attributes }) => attributes[name] ?? []);
      const isRequired =
        found.length === objects.length && found.every(({ setBy }) => setBy === 'required');
      const isChosen = found.some(({ setBy }) => setBy === 'chosen');
      const [first] = found as [Attribute];
      const setBy = isRequired ? 'required' : isChosen ? 'chosen' : 'optional';
      return [name, { ...first, setBy: first.setBy === 'computed' ? 'computed' : setBy }];
    }),
  );
}

function wordAttributes(words: readonly string[]): Attributes {
  return Object.fromEntries(
    words.map((word) => [
      attributeName(word),
      {
        shape: { kind: 'bool' },
        setBy: 'optional',
        description: 'True in the place of all others',
      },
    ]),
  );
}

/** Whoever makes such a kind of resource reads this, in a test. */
function unfit(at: string, found: string): IsthmusError {
  return new IsthmusError('INTERNAL', {
    what: `Terraform's schema has no place for ${found}`,
    where: at === '' ? undefined : at,
    fix: 'Give the field a shape of strings, numbers, booleans, lists, maps and objects.',
  });
}
