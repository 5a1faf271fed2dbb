/** Specifies the attributes that come of the admin API's shapes, and how their values cross to its JSON and back. */
import test from 'ava';
import { z } from 'zod';
import { durationSchema } from '../../../core/duration.ts';
import { resources } from '../../../gateway/control/api/resources.ts';
import { ApiResource } from '../../../terraform/provider/resources/api-resource.ts';
import type { Attributes } from '../../../terraform/provider/schema/attribute.ts';
import { answerAttributes, bodyAttributes } from '../../../terraform/provider/schema/from-zod.ts';
import { schemaMessage } from '../../../terraform/provider/schema/message.ts';
import { fromBody, toBody } from '../../../terraform/provider/schema/wire.ts';

/** What Terraform is told of each attribute: type or nesting, and who sets it. */
function told(attributes: Attributes): Record<string, string> {
  const { attributes: messages } = schemaMessage('', attributes).block;
  return Object.fromEntries(
    messages.map(({ name, type, nested_type, ...flags }) => {
      const is = nested_type ? nested_type.nesting : Buffer.from(type ?? []).toString();
      const set = (['required', 'optional', 'computed', 'sensitive'] as const).filter(
        (one) => flags[one],
      );
      return [name, [is, ...set].join(' ')];
    }),
  );
}

const text = z.string();
for (const [what, schema, is] of [
  ['a text', text, '"string" required'],
  ['a number', z.int().min(1), '"number" required'],
  ['a truth value', z.boolean(), '"bool" required'],
  ['a choice of words', z.enum(['a', 'b']), '"string" required'],
  ['what may be left out', text.optional(), '"string" optional'],
  ['what has a default', text.default('a'), '"string" optional computed'],
  ['what is parsed to something else', durationSchema, '"string" required'],
  [
    'what is made of parsed parts',
    z.strictObject({ a: text }).transform(({ a }) => a),
    'SINGLE required',
  ],
  ['a list', z.array(text), '["list","string"] required'],
  ['a map', z.record(text, z.number()), '["map","number"] required'],
  ['an object', z.strictObject({ a: text }), 'SINGLE required'],
  ['a list of objects', z.array(z.strictObject({ a: text })), 'LIST required'],
  ['a map of objects', z.record(text, z.strictObject({ a: text })), 'MAP required'],
  ['what may not be written to', text.readonly(), '"string" required'],
  ['a number or a text', z.union([z.int(), text]), '"string" required'],
  ['true or an empty object', z.union([z.literal(true), z.strictObject({})]), '"bool" required'],
  [
    'one of several objects',
    z.union([z.strictObject({ a: text }), z.strictObject({ b: text })]),
    'SINGLE required',
  ],
  ['anything', z.unknown(), '"string" required'],
] as const) {
  test(`${what} is ${is}`, (t) => {
    t.deepEqual(told(bodyAttributes(z.strictObject({ it: schema }))), { it: is });
  });
}

test('what the gateway answers is computed, secrets are sensitive, and what it chooses may be left out', (t) => {
  const schema = z.strictObject({
    zone: text.optional(),
    key: text,
    inner: z.strictObject({ a: text.optional() }),
  });
  t.deepEqual(told(answerAttributes(schema, { secret: ['key'] })), {
    zone: '"string" computed',
    key: '"string" computed sensitive',
    inner: 'SINGLE computed',
  });
  t.deepEqual(told(bodyAttributes(schema, { chosen: ['zone', 'inner.a'] })), {
    zone: '"string" optional computed',
    key: '"string" required',
    inner: 'SINGLE required',
  });
});

test('names are in snake case, and the descriptions say choices and defaults', (t) => {
  const attributes = bodyAttributes(
    z.strictObject({ perTry: z.enum(['a', 'b']).default('a').describe('Which of both') }),
  );
  const [attribute] = schemaMessage('', attributes).block.attributes;
  t.is(attribute?.name, 'per_try');
  t.is(attribute?.description, 'Which of both. One of `a`, `b`. Default `a`.');
});

test('a default that is of the parsed value is written as people do; one that can not be is for the gateway to fill in', (t) => {
  const schema = z.strictObject({
    ramp: durationSchema.default(90_000),
    hash: z
      .strictObject({ by: text })
      .transform(({ by }) => by)
      .default('source'),
  });
  const { ramp, hash } = bodyAttributes(schema);
  t.is(ramp?.default, '90s');
  t.deepEqual([hash?.setBy, hash?.default], ['chosen', undefined]);
});

test('what Terraform has no place for is said where it is, to whoever declares it', (t) => {
  const schema = z.strictObject({ a: z.array(z.union([z.boolean(), z.int()])) });
  t.throws(() => bodyAttributes(schema), { code: 'INTERNAL', message: /no place for one of/ });
});

const crossing = bodyAttributes(
  z.strictObject({
    perTry: text.optional(),
    expect: z.array(z.union([z.int(), text])).optional(),
    tcp: z.union([z.literal(true), z.strictObject({})]).optional(),
    hash: z
      .union([
        z.literal('source'),
        z.strictObject({ header: text }),
        z.strictObject({ query: text }),
      ])
      .optional(),
    details: z.unknown(),
    labels: z.record(text, text).optional(),
  }),
);
for (const [what, json] of [
  ['nothing', {}],
  ['a field in camel case', { perTry: '1s' }],
  ['numbers among texts', { expect: [204, '200-299'] }],
  ['a truth value', { tcp: true }],
  ['a word in the place of an object', { hash: 'source' }],
  ['one of several objects', { hash: { query: 'user' } }],
  ['any JSON', { details: { a: [1, null] } }],
  ['a map, whose keys stay as they are', { labels: { perTry: 'x' } }],
] as const) {
  test(`${what} crosses to values and back unchanged`, (t) => {
    t.deepEqual(toBody(crossing, fromBody(crossing, json), 'left out'), json);
  });
}

for (const declared of resources) {
  test(`isthmus_${declared.name} has a description for each of its attributes`, (t) => {
    const resource = new ApiResource(declared);
    const missing = Object.entries(resource.attributes).flatMap(([name, { description }]) =>
      description === '' ? [name] : [],
    );
    t.deepEqual(missing, []);
    t.not(resource.description, '');
  });
}
