/** Specifies values of Terraform's language in octets, and which of them say the same. */
import { ExtData, encode } from '@msgpack/msgpack';
import test from 'ava';
import type { Attributes } from '../../../terraform/provider/schema/attribute.ts';
import { inWordsOf } from '../../../terraform/provider/schema/sameness.ts';
import {
  readBlock,
  readJson,
  readValue,
  writeValue,
} from '../../../terraform/provider/values/dynamic-value.ts';
import {
  conforms,
  isKnown,
  knownPart,
  unknown,
  type Value,
} from '../../../terraform/provider/values/value.ts';

const attributes: Attributes = {
  name: { shape: { kind: 'string' }, setBy: 'required', description: '' },
  weight: { shape: { kind: 'number' }, setBy: 'optional', description: '' },
  on: { shape: { kind: 'bool' }, setBy: 'optional', description: '' },
  names: { shape: { kind: 'list', of: { kind: 'string' } }, setBy: 'optional', description: '' },
  labels: { shape: { kind: 'map', of: { kind: 'string' } }, setBy: 'optional', description: '' },
  inner: {
    shape: {
      kind: 'object',
      attributes: { at: { shape: { kind: 'number' }, setBy: 'optional', description: '' } },
    },
    setBy: 'optional',
    description: '',
  },
};
const shape = { kind: 'object', attributes } as const;

for (const [what, value] of Object.entries<Value>({
  'a whole object': {
    name: 'a',
    weight: 3,
    on: true,
    names: ['x', 'y'],
    labels: { tier: 'front' },
    inner: { at: 1795959454407 },
  },
  'nothing but nulls': {
    name: null,
    weight: null,
    on: null,
    names: null,
    labels: null,
    inner: null,
  },
  'what is not known, at any depth': {
    name: unknown,
    weight: unknown,
    on: unknown,
    names: ['x', unknown],
    labels: { tier: unknown },
    inner: { at: unknown },
  },
  'no object': null,
})) {
  test(`${what} is read as it was written`, (t) => {
    t.deepEqual(readValue(writeValue(value), shape), value);
  });
}

test('a fraction is written in decimals, for Terraform has more bits than a double', (t) => {
  t.deepEqual(writeValue(0.1).msgpack, encode('0.1'));
  t.deepEqual(writeValue(2 ** 52).msgpack, encode(2 ** 52));
  t.is(readValue({ msgpack: encode('0.1') }, { kind: 'number' }), 0.1);
});

for (const type of [0, 12, 99]) {
  test(`an extension of type ${type} stands for what is not known`, (t) => {
    const msgpack = encode({ name: new ExtData(type, Uint8Array.of(0x81, 1, 0xc2)) });
    t.is(readBlock({ msgpack }, attributes)?.['name'], unknown);
  });
}

test('a state that another version wrote has null for what that did not know, and none of what is gone', (t) => {
  const json = Buffer.from('{"name":"a","gone":1,"inner":{}}');
  t.deepEqual(readJson(json, shape), {
    name: 'a',
    weight: null,
    on: null,
    names: null,
    labels: null,
    inner: { at: null },
  });
});

test('JSON is read where there is no MessagePack', (t) => {
  t.is(readBlock({ json: Buffer.from('{"name":"a"}') }, attributes)?.['name'], 'a');
});

test('a value is known if all in it is, and what is not can be left out', (t) => {
  t.true(isKnown({ a: [1, { b: null }] }));
  t.false(isKnown({ a: [1, { b: unknown }] }));
  t.deepEqual(knownPart({ a: [1, { b: unknown }] }), { a: [1, { b: null }] });
});

for (const [planned, value, does] of [
  [unknown, 'anything', true],
  ['a', 'a', true],
  ['a', 'b', false],
  [null, 'a', false],
  [{ a: unknown, b: 1 }, { a: [1], b: 1 }, true],
  [{ a: unknown, b: 1 }, { a: [1], b: 2 }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [['a', unknown], ['a', 'b'], true],
  [['a'], ['a', 'b'], false],
  [['a'], 'a', false],
] as readonly (readonly [Value, Value, boolean])[]) {
  const texts = [value, planned].map((one) =>
    JSON.stringify(one, (_, v) => (v === unknown ? '?' : v)),
  );
  test(`${texts[0]} is ${does ? '' : 'not '}what was planned as ${texts[1]}`, (t) => {
    t.is(conforms(value, planned), does);
  });
}

const duration = {
  shape: { kind: 'string', meaning: (text: unknown) => Number.parseInt(String(text), 10) },
  setBy: 'chosen',
  description: '',
} as const;
const words: Attributes = {
  ttl: duration,
  labels: {
    shape: { kind: 'map', of: { kind: 'string' } },
    setBy: 'chosen',
    default: {},
    description: '',
  },
  list: { shape: { kind: 'list', of: { kind: 'string' } }, setBy: 'optional', description: '' },
  secret: { shape: { kind: 'string' }, setBy: 'optional', description: '', sensitive: true },
};

for (const [what, by, written, told, then] of [
  [
    'what says something else is what is told',
    'gateway',
    { ttl: '60s' },
    { ttl: '61s' },
    { ttl: '61s' },
  ],
  [
    'a text that parses to the same is the same',
    'gateway',
    { ttl: '60s' },
    { ttl: '60 s' },
    { ttl: '60s' },
  ],
  [
    'a configuration that means the same changes nothing',
    'configuration',
    { ttl: '60s' },
    { ttl: '60 s' },
    { ttl: '60s' },
  ],
  [
    'what was not known is what is told',
    'gateway',
    { ttl: unknown },
    { ttl: '60s' },
    { ttl: '60s' },
  ],
  ['a gateway tells an empty list as none', 'gateway', { list: [] }, { list: null }, { list: [] }],
  [
    'a configuration that has an empty list means it',
    'configuration',
    { list: null },
    { list: [] },
    { list: [] },
  ],
  [
    'what an import has not is what is told, where there is a default',
    'gateway',
    { labels: null },
    { labels: {} },
    { labels: {} },
  ],
  ['a gateway tells no secret', 'gateway', { secret: 'x' }, { secret: null }, { secret: 'x' }],
  [
    'a configuration that has no secret any more means it',
    'configuration',
    { secret: 'x' },
    { secret: null },
    { secret: null },
  ],
] as const) {
  test(what, (t) => {
    const rest = { ttl: null, labels: null, list: null, secret: null };
    t.deepEqual(inWordsOf(words, { ...rest, ...written }, { ...rest, ...told }, by), {
      ...rest,
      ...then,
    });
  });
}
