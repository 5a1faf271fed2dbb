/** Owns the octets of values: Terraform's MessagePack and JSON forms (its docs/plugin-protocol/object-wire-format.md). */
import { decode, ExtData, encode } from '@msgpack/msgpack';
import { type Attributes, type Shape, valuesOf } from '../schema/attribute.ts';
import { isList, isMap, mapped, unknown, type Value, type ValueMap } from './value.ts';

/** One of the two, the other empty. */
export interface DynamicValue {
  readonly msgpack?: Uint8Array;
  readonly json?: Uint8Array;
}

/** Reads the value of a block of these attributes; null where there is none, as of a resource that is not there. */
export function readBlock(
  value: DynamicValue | null | undefined,
  attributes: Attributes,
): ValueMap | null {
  const read = readValue(value, { kind: 'object', attributes });
  return isMap(read) ? read : null;
}

/** Reads a value of this shape. */
export function readValue(value: DynamicValue | null | undefined, shape: Shape): Value {
  if (value?.msgpack?.length) return shaped(decode(value.msgpack), shape);
  if (value?.json?.length) return readJson(value.json, shape);
  return null;
}

/** Reads JSON, as a state file has it: what its schema did not know yet is null, and what is no more in the schema is left out. */
export function readJson(json: Uint8Array, shape: Shape): Value {
  return shaped(JSON.parse(Buffer.from(json).toString('utf8')), shape);
}

export function writeValue(value: Value): DynamicValue {
  return { msgpack: encode(packed(value)) };
}

/** Any extension stands for a value that is not known; what type 12 tells of it besides is not needed. */
function shaped(raw: unknown, shape: Shape): Value {
  if (raw instanceof ExtData) return unknown;
  if (raw === null || raw === undefined) return null;
  switch (shape.kind) {
    case 'string':
      return String(raw);
    case 'bool':
      return Boolean(raw);
    case 'number':
      // A decimal that no binary fraction equals comes as a text.
      return Number(raw);
    case 'list':
      return (raw as unknown[]).map((item) => shaped(item, shape.of));
    case 'map':
      return mapped(raw as ValueMap, (item) => shaped(item, shape.of));
    case 'object':
      return valuesOf(shape.attributes, (attribute, name) =>
        shaped((raw as Record<string, unknown>)[name], attribute.shape),
      );
  }
}

function packed(value: Value): unknown {
  if (value === unknown) return new ExtData(0, Uint8Array.of(0));
  if (isList(value)) return value.map(packed);
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, packed(inner)]));
  }
  // 0.1 as a binary fraction is not Terraform's 0.1, which has 512 bits.
  return typeof value === 'number' && !Number.isSafeInteger(value) ? String(value) : value;
}
