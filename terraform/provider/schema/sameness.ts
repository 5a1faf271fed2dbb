/** Owns which values say the same: what was written stays as it was, where what is told after it means nothing else. */
import { isDeepStrictEqual } from 'node:util';
import {
  isKnown,
  isList,
  isMap,
  mapped,
  unknown,
  type Value,
  type ValueMap,
} from '../values/value.ts';
import { type Attributes, type Shape, valuesOf } from './attribute.ts';
import { toWire } from './wire.ts';

/**
 * Who tells. A configuration is taken at its word: Terraform lets a plan differ from it only in a value that was there before. The
 * gateway's answer has no null, so that an empty list and none are one to it, and does not tell secrets.
 */
type Teller = 'configuration' | 'gateway';

/** What is `told`, in the words of `written` wherever both mean the same: `60s` is `1m`. */
export function inWordsOf(
  attributes: Attributes,
  written: ValueMap,
  told: ValueMap,
  by: Teller,
): ValueMap {
  return valuesOf(attributes, ({ shape, sensitive, default: fallback }, name) => {
    const before = written[name] ?? null;
    const now = told[name] ?? null;
    // Only an import has nothing where there is a default: it knows names alone.
    if (before === null && fallback !== undefined) return now;
    const isKept = by === 'gateway' && sensitive && now === null && before !== unknown;
    return isKept ? before : inWords(shape, before, now, by);
  });
}

function inWords(shape: Shape, written: Value, told: Value, by: Teller): Value {
  if (written === unknown) return told;
  if (isKnown(written) && meansTheSame(shape, written, told)) return written;
  if (shape.kind === 'object' && isMap(written) && isMap(told)) {
    return inWordsOf(shape.attributes, written, told, by);
  }
  if (by === 'configuration') return told;
  if (isEmpty(written) && isEmpty(told)) return written;
  if (shape.kind === 'list' && isList(written) && isList(told) && written.length === told.length) {
    return told.map((item, at) => inWords(shape.of, written[at] ?? null, item, by));
  }
  if (shape.kind === 'map' && isMap(written) && isMap(told)) {
    return mapped(told, (item, key) => inWords(shape.of, written[key] ?? null, item, by));
  }
  return told;
}

function isEmpty(value: Value): boolean {
  if (isList(value)) return value.length === 0;
  if (isMap(value)) return Object.keys(value).length === 0;
  return value === null;
}

function meansTheSame(shape: Shape, written: Value, told: Value): boolean {
  if (shape.meaning === undefined && !isJson(shape)) return false;
  const meant = (value: Value) => {
    const wire = toWire(shape, value, 'left out');
    return shape.meaning ? shape.meaning(wire) : wire;
  };
  const said = meant(written);
  return said !== undefined && isDeepStrictEqual(said, meant(told));
}

function isJson(shape: Shape): boolean {
  return shape.kind === 'string' && shape.json === true;
}
