/** Specifies how rules of which the first that fits is used become ones of which the most specific is. */
import test from 'ava';
import { Field } from '../../../cli/convert/field.ts';
import { inOrder, type Match } from '../../../cli/convert/rules.ts';
import { readDocuments } from '../../../core/yaml-documents.ts';

const prefix = (value: string): Match => ({ path: { type: 'PathPrefix', value } });
const exact = (value: string): Match => ({ path: { type: 'Exact', value } });
const pattern = (value: string): Match => ({ path: { type: 'RegularExpression', value } });
const canary: Match = { headers: [{ name: 'x-canary', value: '1' }] };

function ordered(rules: readonly (readonly Match[])[]) {
  const [placed] = readDocuments('rule: 1', 'a.yaml').documents;
  if (placed === undefined) throw new Error('there is a document');
  const from = Field.document(placed);
  const made = inOrder(rules.map((matches) => ({ rule: { matches }, from })));
  return { made: made.map(({ matches }) => matches), told: from.told.map(({ as }) => as) };
}

for (const [situation, rules, expected] of [
  [
    'the most specific first: they stay as they are',
    [[exact('/a')], [prefix('/a')], []],
    undefined,
  ],
  ['no path in common: they stay as they are', [[prefix('/a')], [prefix('/b/c')]], undefined],
  [
    'a header before a path: both together are added',
    [[canary], [prefix('/a')]],
    [[canary, { ...prefix('/a'), ...canary }], [prefix('/a')]],
  ],
  [
    'a short prefix before a longer one: the longer is added to it',
    [[prefix('/a')], [prefix('/a/b')]],
    [[prefix('/a'), prefix('/a/b')], [prefix('/a/b')]],
  ],
  [
    'a rule for all before others: it is for all of these as well',
    [[], [prefix('/a')], [{ ...exact('/b'), method: 'GET' }]],
    [
      [{}, prefix('/a'), { ...exact('/b'), method: 'GET' }],
      [prefix('/a')],
      [{ ...exact('/b'), method: 'GET' }],
    ],
  ],
  [
    'values of one field that exclude each other: nothing is added',
    [[canary], [{ ...prefix('/a'), headers: [{ name: 'X-Canary', value: '2' }] }]],
    undefined,
  ],
] as readonly (readonly [string, readonly Match[][], readonly Match[][] | undefined])[]) {
  test(`rules with ${situation}`, (t) => {
    const { made, told } = ordered(rules);
    t.deepEqual(made, expected ?? rules);
    t.deepEqual(told, []);
  });
}

test('where no match says what two have in common, that is told', (t) => {
  const rules = [[pattern('/a.*')], [prefix('/a/b')]];
  const { made, told } = ordered(rules);
  t.deepEqual(made, rules);
  t.deepEqual(told, ['otherwise']);
});
