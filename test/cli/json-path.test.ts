/** Specifies -o jsonpath: the paths it takes, and what it prints. */
import test from 'ava';
import { jsonPath } from '../../cli/json-path.ts';
import { adminAt } from './admin-at.ts';
import { clusters } from './answers.ts';
import { isthmus } from './in-process.ts';

const value = {
  items: [
    { cluster: 'dc1', zones: ['a', 'b'], labels: { 'app.kind': 'web' }, bundle: { sequence: 3 } },
    { cluster: 'dc2', zones: [], labels: {}, bundle: { sequence: 4 } },
  ],
};

for (const [template, printed] of [
  ['{.items[*].cluster}', 'dc1 dc2'],
  ['.items[0].cluster', 'dc1'],
  ['items[-1].cluster', 'dc2'],
  ['{$.items[0].zones[1]}', 'b'],
  ["{.items[0].labels['app.kind']}", 'web'],
  ['{.items[0].bundle}', '{"sequence":3}'],
  ['{.items[0].bundle.*}', '3'],
  ['{..sequence}', '3 4'],
  ['{.items..cluster}', 'dc1 dc2'],
  ['first {.items[0].cluster}{"\\n"}last {.items[-1].cluster}', 'first dc1\nlast dc2'],
  ['{.items[7].cluster}{.nothing}', ''],
  ['{.items[0].constructor}{.items.length}', ''],
] as const) {
  test(`${template} prints ${JSON.stringify(printed)}`, (t) => {
    t.is(jsonPath(template)(value), printed);
  });
}

for (const template of [
  '{.items[?(@.a==1)]}',
  '{.items[0:2]}',
  '{range .items[*]}',
  '{.items',
  '',
]) {
  test(`${JSON.stringify(template)} is USAGE`, (t) => {
    t.throws(() => jsonPath(template), { message: /-o jsonpath can't read/ });
  });
}

test('-o jsonpath takes any result apart, and a wrong one is told before anything is asked', async (t) => {
  const env = await adminAt(t, (app) => app.get('/v1/clusters', () => ({ items: clusters })));
  const one = await isthmus(['get', 'cluster', 'dc2', '-o', 'jsonpath={.zones[0]}'], { env });
  t.is(one.stdout, 'eu-west-1a\n');
  const wrong = await isthmus(['status', '-o', 'jsonpath={.items[?(@.a)]}'], { env });
  t.regex(wrong.stderr, /^error USAGE: -o jsonpath can't read/);
  t.is(wrong.code, 64);
});

test("security: what a jsonpath finds can't drive the terminal", async (t) => {
  const region = '\u001b[2Jevil';
  const env = await adminAt(t, (app) =>
    app.get('/v1/clusters', () => ({ items: [{ ...clusters[0], region }] })),
  );
  const { stdout } = await isthmus(['get', 'clusters', '-o', 'jsonpath={..region}'], { env });
  t.is(stdout, '\\x1b[2Jevil\n');
});
