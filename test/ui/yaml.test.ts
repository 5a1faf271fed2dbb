/** Specifies how policies are written as YAML: as a person would, and read back as just the same. */
import test from 'ava';
import fc from 'fast-check';
import { parse } from 'yaml';
import { yamlOf } from '../../ui/src/format/yaml.ts';

for (const [situation, value, text] of [
  [
    'fields and lists',
    { a: 1, b: ['x', { c: true, d: null }] },
    'a: 1\nb:\n  - x\n  - c: true\n    d: null\n',
  ],
  ['what is empty', { a: {}, b: [], c: '' }, 'a: {}\nb: []\nc: ""\n'],
  [
    'durations, paths and names stand plain',
    { per: '30s', path: '/v1/a', name: 'a-b.c' },
    'per: 30s\npath: /v1/a\nname: a-b.c\n',
  ],
  [
    'what others take for no text is quoted',
    ['no', 'Null', '1', '1e3', '*', 'a: b', '- a'],
    '- "no"\n- "Null"\n- "1"\n- "1e3"\n- "*"\n- "a: b"\n- "- a"\n',
  ],
  [
    'a certificate keeps its lines',
    { pem: '-----BEGIN-----\nMII=\n\nend\n' },
    'pem: |\n  -----BEGIN-----\n  MII=\n\n  end\n',
  ],
  ['a field without a value is left out', { a: undefined, b: 1 }, 'b: 1\n'],
  ['lists in lists', [[1, 2], [[3]]], '- - 1\n  - 2\n- - - 3\n'],
] as const) {
  test(situation, (t) => t.is(yamlOf(value), text));
}

test('whatever is written is read back, by readers of YAML 1.2 and of 1.1', (t) => {
  const lines = fc
    .array(fc.constantFrom('', 'a', ' b', 'c ', '# d', '- e', 'f: g', '\t'))
    .map((all) => all.join('\n'));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'grapheme' }),
      lines,
      fc.constantFrom(
        '~',
        '0x1f',
        '.5',
        '1_000',
        '12:30',
        '2026-11-29',
        '=',
        '<<',
        '\u2028',
        '\u0085',
      ),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
        tie('tree'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const text = yamlOf(value);
      const same = JSON.parse(JSON.stringify(value));
      t.deepEqual(parse(text), same, text);
      t.deepEqual(parse(text, { version: '1.1', merge: false }), same, text);
    }),
    { numRuns: 300 },
  );
});
