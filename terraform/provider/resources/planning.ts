/** Owns what an apply will make of a configuration, as far as that is known before it. */
import { isDeepStrictEqual } from 'node:util';
import { type Attribute, type Attributes, type Shape, valuesOf } from '../schema/attribute.ts';
import { inWordsOf } from '../schema/sameness.ts';
import { isList, isMap, mapped, unknown, type Value, type ValueMap } from '../values/value.ts';

interface Plan {
  readonly planned: ValueMap;
  /** Attributes that can't be changed in place, and are to be others. */
  readonly replacing: readonly string[];
}

/**
 * Plans `config` to follow `prior`, which is null where there is nothing yet. `identity` names the attributes that say which one it
 * is. What says the same as before stays as it was.
 */
export function planned(
  attributes: Attributes,
  identity: readonly string[],
  config: ValueMap,
  prior: ValueMap | null,
): Plan {
  const wanted = settled(attributes, config, prior);
  if (prior === null) return { planned: wanted, replacing: [] };
  if (isDeepStrictEqual(wanted, prior)) return { planned: prior, replacing: [] };
  return {
    planned: wanted,
    replacing: identity.filter((name) => !isDeepStrictEqual(wanted[name], prior[name])),
  };
}

/**
 * The attributes of one object as they are to be. What the gateway says of it stays only where all else stays: who changes something
 * has the gateway choose anew.
 */
function settled(attributes: Attributes, config: ValueMap, prior: ValueMap | null): ValueMap {
  const wanted = valuesOf(attributes, (attribute, name) =>
    wantedOf(attribute, config[name] ?? null, prior?.[name]),
  );
  if (prior === null) return wanted;
  const same = inWordsOf(attributes, prior, wanted, 'configuration');
  const stays = Object.keys(attributes).every(
    (name) => same[name] === unknown || isDeepStrictEqual(same[name], prior[name]),
  );
  // What is unknown in the configuration may be anything.
  const isOpen = Object.keys(attributes).some((name) => config[name] === unknown);
  if (!stays || isOpen) return same;
  return valuesOf(
    attributes,
    (_, name) => (same[name] === unknown ? prior[name] : same[name]) ?? null,
  );
}

function wantedOf(attribute: Attribute, config: Value, prior: Value | undefined): Value {
  const { shape, setBy, default: fallback } = attribute;
  if (setBy === 'computed') return unknown;
  if (config !== null) return filled(shape, config, prior);
  if (fallback !== undefined) return filled(shape, fallback, prior);
  return setBy === 'chosen' ? unknown : null;
}

/** A value of the configuration, with what it leaves out. */
function filled(shape: Shape, config: Value, prior: Value | undefined): Value {
  if (shape.kind === 'object' && isMap(config)) {
    return settled(shape.attributes, config, isMap(prior) ? prior : null);
  }
  if (shape.kind === 'list' && isList(config)) {
    return config.map((item, at) => filled(shape.of, item, isList(prior) ? prior[at] : undefined));
  }
  if (shape.kind === 'map' && isMap(config)) {
    return mapped(config, (item, key) =>
      filled(shape.of, item, isMap(prior) ? prior[key] : undefined),
    );
  }
  return config;
}
