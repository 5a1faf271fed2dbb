/** Owns the schema of a block as the provider holds it: what an attribute may be, who sets it, and what the admin API calls it. */
import type { Value, ValueMap } from '../values/value.ts';

export type Shape = (StringShape | NumberShape | BoolShape | CollectionShape | ObjectShape) &
  Meaning;

interface Meaning {
  /** Parses what is sent; undefined for what is wrong. What parses to the same says the same. */
  readonly meaning?: (json: unknown) => unknown;
}

export interface StringShape {
  readonly kind: 'string';
  /** The only texts there may be. */
  readonly oneOf?: readonly string[];
  /** A text that is a number is one for the API: it takes both. */
  readonly orNumber?: true;
  /** A text of any JSON in the place of what the API has no shape for. */
  readonly json?: true;
}

interface NumberShape {
  readonly kind: 'number';
}

interface BoolShape {
  readonly kind: 'bool';
  /** The API takes an empty object for true as well. */
  readonly orEmpty?: true;
}

interface CollectionShape {
  readonly kind: 'list' | 'map';
  readonly of: Shape;
}

export interface ObjectShape {
  readonly kind: 'object';
  readonly attributes: Attributes;
  /** By attribute, words that the API takes in the place of the object: the attribute is true then, and alone. */
  readonly words?: Readonly<Record<string, string>>;
}

/**
 * `required`: the configuration. `optional`: the configuration, else nobody. `chosen`: the configuration, else the gateway.
 * `computed`: the gateway alone.
 */
export type SetBy = 'required' | 'optional' | 'chosen' | 'computed';

export interface Attribute {
  readonly shape: Shape;
  readonly setBy: SetBy;
  /** Markdown; sentences without a full stop at the end. */
  readonly description: string;
  /** What holds where the configuration says nothing. */
  readonly default?: Value;
  readonly sensitive?: boolean;
  /** What it is in the admin API. Default: the attribute's own name. */
  readonly field?: string;
}

/** By name, in snake_case as Terraform has them. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** The values that `of` finds for each attribute. */
export function valuesOf(
  attributes: Attributes,
  of: (attribute: Attribute, name: string) => Value,
): ValueMap {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, of(attribute, name)]),
  );
}

export function fieldOf(name: string, attribute: Attribute): string {
  return attribute.field ?? name;
}

/** `deregisterAfter` is `deregister_after`. */
export function attributeName(field: string): string {
  return field.replaceAll(/(?<=[a-z0-9])([A-Z])/g, '_$1').toLowerCase();
}
