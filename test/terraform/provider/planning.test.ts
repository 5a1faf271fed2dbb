/** Specifies plans: what is known before an apply, what only that will tell, and what takes another one. */
import test from 'ava';
import { z } from 'zod';
import { planned } from '../../../terraform/provider/resources/planning.ts';
import { bodyAttributes } from '../../../terraform/provider/schema/from-zod.ts';
import { unknown, type ValueMap } from '../../../terraform/provider/values/value.ts';

const duration = z.string().transform((text) => Number.parseInt(text, 10));
const attributes = {
  ...bodyAttributes(
    z.strictObject({
      name: z.string(),
      weight: z.int().default(1),
      ttl: duration.optional(),
      zone: z.string().optional(),
      spec: z
        .strictObject({
          ramp: z.string().default('10s'),
          scope: z
            .strictObject({ cluster: z.string().optional(), service: z.string().optional() })
            .prefault({}),
        })
        .prefault({}),
      windows: z
        .array(z.strictObject({ from: z.string(), enabled: z.boolean().default(true) }))
        .default([]),
    }),
    { chosen: ['zone', 'spec.scope.cluster'] },
  ),
  at: { shape: { kind: 'number' }, setBy: 'computed', description: '' },
} as const;

const nothing: ValueMap = {
  name: null,
  weight: null,
  ttl: null,
  zone: null,
  spec: null,
  windows: null,
  at: null,
};
/** As it is when it was made of a name alone. */
const made: ValueMap = {
  name: 'a',
  weight: 1,
  ttl: null,
  zone: 'z1',
  spec: { ramp: '10s', scope: { cluster: 'dc1', service: null } },
  windows: [],
  at: 17,
};

function plan(config: ValueMap, prior: ValueMap | null) {
  return planned(attributes, ['name'], { ...nothing, ...config }, prior);
}

test('of a new one the defaults are known, and what the gateway says of it is not', (t) => {
  t.deepEqual(plan({ name: 'a' }, null), {
    planned: {
      ...made,
      zone: unknown,
      spec: { ramp: '10s', scope: { cluster: unknown, service: null } },
      at: unknown,
    },
    replacing: [],
  });
});

test('a default fills what is left out in each element of a list', (t) => {
  const { planned: values } = plan({ name: 'a', windows: [{ from: 'x', enabled: null }] }, null);
  t.deepEqual(values['windows'], [{ from: 'x', enabled: true }]);
});

test('where nothing is asked for anew nothing changes', (t) => {
  t.deepEqual(plan({ name: 'a' }, made), { planned: made, replacing: [] });
});

test('a change leaves open what the gateway says of it, and what it would choose again', (t) => {
  const { planned: values, replacing } = plan({ name: 'a', weight: 2 }, made);
  t.deepEqual(values, { ...made, weight: 2, zone: unknown, at: unknown });
  t.deepEqual(replacing, []);
});

test('what the gateway chose in an object is chosen again when that object changes', (t) => {
  const scope = { cluster: null, service: 'orders.shop' };
  const { planned: values } = plan({ name: 'a', spec: { ramp: null, scope } }, made);
  t.deepEqual(values['spec'], { ramp: '10s', scope: { cluster: unknown, service: 'orders.shop' } });
});

test('what was changed by hand goes back to its default', (t) => {
  t.is(plan({ name: 'a' }, { ...made, weight: 9 }).planned['weight'], 1);
});

test('what is left out after it was given goes, unless the gateway chooses it', (t) => {
  const { planned: values } = plan({ name: 'a' }, { ...made, ttl: '60s' });
  t.is(values['ttl'], null);
  t.is(plan({ name: 'a' }, { ...made, zone: 'given' }).planned['zone'], 'given');
});

test('what says the same in other words stays as it was', (t) => {
  const prior = { ...made, ttl: '60s' };
  t.deepEqual(plan({ name: 'a', ttl: '60 s' }, prior).planned, prior);
});

test('another identity is another one', (t) => {
  t.deepEqual(plan({ name: 'b' }, made).replacing, ['name']);
  t.deepEqual(plan({ name: unknown }, made).replacing, ['name']);
});

test('what is not known yet may be anything: all that would follow from it is open', (t) => {
  const { planned: values } = plan({ name: 'a', weight: unknown }, made);
  t.deepEqual(values, { ...made, weight: unknown, zone: unknown, at: unknown });
});
