/** Specifies the kinds of resource as they are declared: whoever offers them elsewhere can rely on what each says of itself. */
import test from 'ava';
import { z } from 'zod';
import { resources } from '../../../../gateway/control/api/resources.ts';

interface Shape {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

function shapeOf(schema: z.ZodType): Shape {
  const { $ref, $defs, ...own } = z.toJSONSchema(schema, { io: 'input' });
  return ($ref === undefined ? own : $defs?.[$ref.replace('#/$defs/', '')]) as Shape;
}

function within(shape: Shape | undefined, path: string): Shape | undefined {
  return path.split('.').reduce((part, name) => part?.properties?.[name], shape);
}

test('kinds have names and paths of their own', (t) => {
  for (const field of ['name', 'plural', 'path'] as const) {
    t.is(new Set(resources.map((one) => one[field])).size, resources.length, field);
  }
  for (const { name } of resources) t.regex(name, /^[a-z]+(_[a-z]+)*$/);
});

for (const { name, path, params, body, answer, holds, chosen, derived, secret } of resources) {
  const told = shapeOf(answer);
  const held = holds === undefined ? told : told.properties?.[holds];
  const put = shapeOf(body);

  test(`${name}: its parameters are those of its path, in their order`, (t) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, one]) => one);
    t.deepEqual(Object.keys(params.shape), named);
  });

  test(`${name}: what can be put is answered, under the same name`, (t) => {
    const names = Object.keys(put.properties ?? {});
    t.true(names.length > 0);
    for (const one of names) t.truthy(held?.properties?.[one], one);
  });

  test(`${name}: every field that can be given, or is not given but told, is described`, (t) => {
    const parameters = Object.entries(shapeOf(params).properties ?? {});
    const fields = Object.entries(put.properties ?? {});
    const known = new Set([...parameters, ...fields].map(([one]) => one).concat(holds ?? []));
    const more = Object.entries(told.properties ?? {}).filter(([one]) => !known.has(one));
    for (const [one, { description }] of [...parameters, ...fields, ...more]) {
      t.truthy(description, one);
    }
  });

  test(`${name}: the fields that it says more of exist`, (t) => {
    const unknown = [
      ...(chosen ?? []).filter((one) => !within(put, one) || put.required?.includes(one)),
      ...(derived ?? []).filter((one) => !within(told, one)),
      ...(secret ?? []).filter((one) => !within(put, one) && !within(told, one)),
    ];
    t.deepEqual(unknown, []);
  });
}
