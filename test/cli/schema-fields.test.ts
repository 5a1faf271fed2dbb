/** Specifies what is told of a field of a document: its type, default and description, and the fields in it. */
import test from 'ava';
import { fieldAt, type JsonSchema } from '../../cli/schema-fields.ts';
import { jsonSchemaOf } from '../../policy/documents.ts';
import { policyKindNames } from '../../policy/kind-names.ts';
import { type PolicyKind, policyKinds } from '../../policy/kinds.ts';

const kinds = policyKinds as Readonly<Record<string, unknown>> as Readonly<
  Record<string, PolicyKind>
>;
const schemaOf = (kind: string) =>
  jsonSchemaOf({ [kind]: kinds[kind] as PolicyKind }) as JsonSchema;

function found(kind: string, path: string) {
  const field = fieldAt(
    schemaOf(kind),
    path.split('.').filter((step) => step !== ''),
  );
  if ('missing' in field) throw new Error(`there is no ${field.missing}`);
  return field.found;
}

test('of a document its four fields are told', (t) => {
  const { fields, type } = found('TrafficPolicy', '');
  t.is(type, 'object');
  t.deepEqual(
    fields.map(({ name, type, isRequired }) => `${name} ${type} ${isRequired}`),
    [
      ...['apiVersion isthmus/v1 true', 'kind TrafficPolicy true'],
      ...['metadata object true', 'spec object true'],
    ],
  );
});

for (const [path, told] of [
  ['spec.balance.panicThreshold', { type: 'number', default: 50, bounds: '0 to 100' }],
  ['spec.balance.outlier', { type: 'object' }],
  [
    'spec.balance.clusterOrder',
    { type: 'list of string', default: undefined, bounds: 'at most 256 of them' },
  ],
  ['spec.balance.retry.statuses', { type: 'list of integer', default: [503] }],
  ['spec.timeouts.request', { type: 'string', default: '30s' }],
  ['spec.balance.hash', { type: 'source or object', default: 'source' }],
  [
    'spec.balance.hash.cookie',
    { type: 'string', description: 'Name of the cookie that is hashed' },
  ],
] as const) {
  test(`${path} is ${told.type}`, (t) => {
    const { type, default: given, description, bounds } = found('TrafficPolicy', path);
    t.like({ type, default: given, description, bounds }, told);
  });
}

test('a step that leads nowhere is told with what it may have meant', (t) => {
  t.like(fieldAt(schemaOf('TrafficPolicy'), ['spec', 'balnce', 'hash']), {
    ...{ missing: 'balnce', nearest: 'balance', known: ['target', 'balance', 'timeouts'] },
  });
});

for (const kind of policyKindNames) {
  test(`every field of a document of ${kind} says what it is`, (t) => {
    const check = (path: readonly string[]): void => {
      const field = fieldAt(schemaOf(kind), path);
      if ('missing' in field) throw new Error(path.join('.'));
      t.truthy(field.found.description, path.join('.'));
      for (const { name } of field.found.fields) check([...path, name]);
    };
    check([]);
  });
}

test('the schema of all kinds is one of them by its kind', (t) => {
  const { oneOf = [] } = jsonSchemaOf(kinds) as JsonSchema;
  t.deepEqual(
    oneOf.map(({ properties }) => properties?.['kind']?.const),
    [...policyKindNames],
  );
});
