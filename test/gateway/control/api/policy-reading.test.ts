/** Specifies reading a text of policies for an editor: its documents, and each fault at its line with the field's path. */
import test from 'ava';
import type { OperationCall } from '../../../../gateway/control/api/operation.ts';
import { policyReadingOperation } from '../../../../gateway/control/api/operations/policy-reading.ts';
import {
  type PolicyReading,
  readSchema,
} from '../../../../gateway/control/api/schema/policy-reading.ts';

function read(text: string): PolicyReading {
  const call = { body: { text } } as OperationCall<unknown, unknown, unknown>;
  return readSchema.parse(policyReadingOperation.handle(call));
}

const head =
  'apiVersion: isthmus/v1\nkind: RateLimit\nmetadata: { name: web, namespace: shop }\nspec:\n';

test('a document is answered as it is written, with the line where it begins', (t) => {
  const { documents, faults } = read(`# mine\n${head}  requests: 5\n`);
  t.deepEqual(faults, []);
  const [one] = documents;
  t.like(one, { kind: 'RateLimit', namespace: 'shop', name: 'web', line: 2, column: 1 });
  t.deepEqual(one?.spec, { requests: 5 });
});

for (const [situation, text, fault] of [
  [
    'a field of the wrong type',
    `${head}  requests: many\n`,
    { code: 'CONFIG_INVALID', line: 5, column: 3, what: /^spec\.requests: / },
  ],
  [
    'a field that there is not',
    `${head}  requests: 5\n  target:\n    servce: web\n`,
    { code: 'CONFIG_UNKNOWN_KEY', line: 7, column: 5, what: /"servce" in spec\.target/ },
  ],
  ['what is no YAML', `${head}  requests: [`, { code: 'CONFIG_SYNTAX', line: 5, what: /./ }],
  ['another kind', 'apiVersion: isthmus/v1\nkind: Ratelimit\n', { line: 2, what: /"Ratelimit"/ }],
] as const) {
  test(`${situation} is told at its line`, (t) => {
    const { documents, faults } = read(text);
    t.deepEqual(documents, []);
    const { what, ...rest } = fault;
    t.like(faults[0], rest);
    t.regex(faults[0]?.what ?? '', what);
  });
}

test('a fault in one document leaves the others readable', (t) => {
  const { documents, faults } = read(`${head}  requests: 5\n---\n${head}  requests: 0\n`);
  t.is(documents.length, 1);
  t.is(faults[0]?.line, 11);
});

test('a text that nests too deep to be followed is a fault of its own, and the next is read', (t) => {
  t.is(read('['.repeat(200_000)).faults[0]?.code, 'CONFIG_SYNTAX');
  t.is(read(`${head}  requests: 5\n`).documents.length, 1);
});

test('aliases that would unfold to very much are a fault', (t) => {
  const bomb = 'a: &a [x, x, x, x, x, x, x, x, x, x]\n'.concat(
    ...[...'bcdefg'].map(
      (name, i) => `${name}: &${name} [${`*${'abcdef'[i]}, `.repeat(9)}*${'abcdef'[i]}]\n`,
    ),
  );
  t.is(read(bomb).faults[0]?.code, 'CONFIG_SYNTAX');
});
