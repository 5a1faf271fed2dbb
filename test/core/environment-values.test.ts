/** Specifies how values of a YAML document refer to the environment. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references are written
import test from 'ava';
import { z } from 'zod';
import { parseYaml } from '../../core/yaml-file.ts';

const environment = {
  HOST: 'db.internal',
  PORT: '8080',
  ON: 'true',
  EMPTY: '',
  ODD: 'a: b',
  LIST: '[1]',
  HASH: 'x # y',
  NESTED: '${HOST}',
};
const read = (yaml: string) =>
  parseYaml(z.record(z.string(), z.unknown()), yaml, 'gw.yaml', environment);

for (const [yaml, value] of [
  ['${HOST}', 'db.internal'],
  ['"${HOST}:${PORT}"', 'db.internal:8080'],
  ['${HOST}:${PORT}', 'db.internal:8080'],
  ['${PORT}', 8080],
  ['"${PORT}"', '8080'],
  ['${ON}', true],
  ['${MISSING:-7}', 7],
  ['${MISSING:-}', ''],
  ['${EMPTY}', ''],
  ['${EMPTY:-x}', 'x'],
  ['${HOST:-x}', 'db.internal'],
  ['"${MISSING:-http://a:1/b}"', 'http://a:1/b'],
  ['${ODD}', 'a: b'],
  ['${LIST}', '[1]'],
  ['${HASH}', 'x # y'],
  ['${NESTED}', '${HOST}'],
  ['$${HOST}', '${HOST}'],
  ['"$$${HOST} $HOST $$ $"', '$${HOST} $HOST $$ $'],
  ['|\n  ${HOST}\n', 'db.internal\n'],
] as const) {
  test(`${JSON.stringify(yaml)} is ${JSON.stringify(value)}`, (t) => {
    t.deepEqual(read(`a: 1\nvalue: ${yaml}`), { a: 1, value });
  });
}

test('a list and a map have references in their values, and none in their keys; a comment has none', (t) => {
  const yaml = '"${HOST}": 1 # ${MISSING}\nlist: [ "${PORT}", { "${HOST}": "${HOST}" } ]\n';
  t.deepEqual(read(yaml), { '${HOST}': 1, list: ['8080', { '${HOST}': 'db.internal' }] });
});

for (const [what, reference] of [
  ['of a variable that is not set', '${MISSING}'],
  ['that does not end', '${HOST'],
  ['without a name', '${}'],
  ['of what is no name', '${1ST}'],
  ['with another operator', '${HOST:?x}'],
] as const) {
  test(`a reference ${what} is refused where it stands`, (t) => {
    const error = t.throws(() => read(`a: 1\nb:\n  c: "${reference}"\n`), {
      code: 'CONFIG_INVALID',
    });
    t.like(error, { where: 'gw.yaml:3:6' });
    t.regex(error?.message ?? '', /MISSING|neither/);
  });
}

test('without an environment a dollar is a dollar', (t) => {
  t.deepEqual(parseYaml(z.unknown(), 'a: "${HOST}"', 'drill.yaml'), { a: '${HOST}' });
});

test('security: what the environment has is in no complaint', (t) => {
  const schema = z.strictObject({ port: z.int(), name: z.string().regex(/^[a-z]+$/) });
  for (const yaml of ['port: ${SECRET}\nname: a', 'port: 1\nname: ${SECRET}']) {
    const error = t.throws(() => parseYaml(schema, yaml, 'gw.yaml', { SECRET: 'hunter2' }));
    t.false(JSON.stringify([error?.message, String(error?.cause)]).includes('hunter2'));
  }
});
