/** Specifies the fields of a drill: each is part of a spec as the gateway takes it, and reads back from it. */
import test from 'ava';
import {
  type DrillKind,
  drillFields,
  drillKinds,
  type fieldNames,
  fieldOfSpec,
  fieldsOf,
  specOfFields,
  type Target,
  targetsOf,
} from '../../../federation/drills/fields.ts';
import { drillSpecSchema } from '../../../federation/drills/spec.ts';

/** A value that each field may have. */
function someValue(name: (typeof fieldNames)[number]): string | number {
  switch (drillFields[name].unit) {
    case 'name':
      return { service: 'orders.shop', zone: 'a', to: 'dc2' }[name as string] ?? 'dc1';
    case 'duration':
      return '7s';
    case 'share':
      return 0.25;
    case 'number':
      return name === 'failStatus' ? 502 : 3;
    case 'text':
      return 'to see it';
  }
}

for (const kind of drillKinds) {
  for (const target of targetsOf[kind] as readonly Target[]) {
    test(`${kind}, ${target}: all its fields make a drill, and are read back as they were given`, (t) => {
      const given = fieldsOf(kind, target).map((name) => [name, someValue(name)] as const);
      const written = { kind, ...specOfFields(Object.fromEntries(given)) };
      const spec = drillSpecSchema.parse({
        ...written,
        guardrails: { timeLimit: '7s' },
        ramp: '0s',
      });
      t.is(spec.kind, kind);
      for (const [name, value] of given) t.is(fieldOfSpec(written, name), value, name);
      const whole = drillSpecSchema.safeParse({ ...written, duration: '1s', ramp: '1s' });
      t.true(whole.success, JSON.stringify(whole.error?.issues));
    });
  }
}

test('a kind takes fields of its own, and of a scope those of its target alone', (t) => {
  const own = (kind: DrillKind, target: Target) =>
    fieldsOf(kind, target).filter((name) => /^(scope|slow|fail)\./.test(drillFields[name].path));
  t.deepEqual(own('evacuate', 'cluster'), ['cluster']);
  t.deepEqual(own('slow', 'link'), ['from', 'to', 'delay', 'jitter']);
  t.deepEqual(own('fail', 'service-in-cluster'), [
    ...(['cluster', 'service', 'failPercent', 'failStatus'] as const),
  ]);
  t.deepEqual(own('lose-registry', 'everywhere'), []);
});

test('what is not given is left out, and has its default', (t) => {
  t.deepEqual(specOfFields({ cluster: 'dc1', zone: undefined }), { scope: { cluster: 'dc1' } });
  t.is(fieldOfSpec({ kind: 'evacuate' }, 'errorRate'), undefined);
  t.is(fieldOfSpec(drillSpecSchema.parse({ kind: 'lose-registry' }), 'errorRate'), 0.01);
});
