/** Specifies tables that have less room than they would take: what gives way, and what is never left out unsaid. */
import test from 'ava';
import { cut, fitted, shortList, wrapped } from '../../cli/fitting.ts';
import { type Column, renderTable } from '../../cli/table.ts';
import { openLarge } from '../ui/large.ts';
import { clusters } from './answers.ts';
import { isthmus } from './in-process.ts';

const firm = (natural: number, least = 4) => ({ natural, easy: natural, least });
const easy = (natural: number, easy = 6, least = 4) => ({ natural, easy, least });

for (const [what, columns, room, widths] of [
  ['what fits stays as it is', [firm(5), easy(10)], 15, [5, 10]],
  ['what is easily shortened gives way first', [firm(20), easy(10)], 28, [20, 8]],
  ['then the others, the widest first', [firm(20), easy(10), firm(8)], 24, [10, 6, 8]],
  ['columns as wide as each other give alike', [easy(30), easy(30), firm(3)], 23, [10, 10, 3]],
  ['nothing goes under its least', [firm(20), easy(10)], 3, [4, 4]],
  ['there may be no columns', [], 10, []],
] as const) {
  test(`widths: ${what}`, (t) => t.deepEqual(fitted(columns, room), [...widths]));
}

for (const [items, width, short] of [
  [['a', 'b', 'c'], 5, 'a,b,c'],
  [['dc2 3/3', 'dc3 1/1'], 16, 'dc2 3/3, dc3 1/1'],
  [['dc2', 'dc3', 'dc4', 'dc5', 'dc6'], 18, 'dc2 and 4 more'],
  [['dc2', 'dc3', 'dc4', 'dc5', 'dc6'], 19, 'dc2,dc3,dc4,dc5,dc6'],
  [['dc2', 'dc3', 'dc4', 'dc50', 'dc6'], 19, 'dc2, dc3 and 3 more'],
  [['sha256:abcdefghijk', 'x'], 18, 'sha256… and 1 more'],
  [['sha256:abcdefghijk', 'x'], 12, '2 of them'],
  [['sha256:abcdefghijk'], 10, 'sha256:ab…'],
] as const) {
  test(`a list: ${items} in ${width} is ${short}`, (t) => t.is(shortList(items, width), short));
}

test('text is cut by characters, with an ellipsis in the last place', (t) => {
  t.is(cut('Zürich', 6), 'Zürich');
  t.is(cut('Zürich', 4), 'Zür…');
  t.is(cut('東京都庁', 3), '東京…');
  t.is(cut('ab', 0), '…');
});

test('a sentence goes on in the next line; a word without room is cut', (t) => {
  t.deepEqual(wrapped('it was ejected', 8), ['it was', 'ejected']);
  t.deepEqual(wrapped('unconfirmed', 5), ['unco…']);
  t.deepEqual(wrapped('', 5), ['']);
});

interface Row {
  readonly id: string;
  readonly zones: readonly string[];
  readonly why: string;
}
const columns: readonly Column<Row>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'ZONES', cell: ({ zones }) => zones },
  { title: 'WHY', cell: ({ why }) => why, overlong: 'continued', color: () => 'red' },
];
const row = {
  id: 'a-1',
  zones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
  why: 'its link has been down for five minutes, and what it said before may not be so now',
};
const paint = (_: unknown, text: string) => `\u001b[1m${text}\u001b[22m`;

test('a table keeps within its room: lists are shortened, sentences go on under themselves', (t) => {
  const plain = { wide: false, paint: (_: unknown, text: string) => text, room: 60 };
  t.is(
    renderTable(columns, [row, { ...row, id: 'a-2', zones: [], why: '' }], plain),
    [
      'ID   ZONES                  WHY',
      'a-1  us-east-1a and 2 more  its link has been down for five',
      '                            minutes, and what it said before',
      '                            may not be so now',
      'a-2  -                      -',
    ].join('\n'),
  );
});

test('colors take no room', (t) => {
  const of = (paint: (_: unknown, text: string) => string) =>
    renderTable(columns, [row], { wide: false, paint, room: 60 });
  const plain = of((_, text) => text);
  t.is(of(paint).replaceAll('\u001b[1m', '').replaceAll('\u001b[22m', ''), plain);
});

test('what is to be compared letter by letter is never cut', (t) => {
  const kept: Column<Row>[] = [{ title: 'ID', cell: ({ why }) => why, overlong: 'kept' }];
  const view = { wide: false, paint: (_: unknown, text: string) => text, room: 10 };
  t.is(renderTable(kept, [row], view), `ID\n${row.why}`);
});

test('at 20 clusters and 500 services no table is wider than 200, and JSON keeps all', async (t) => {
  const zones = Array.from({ length: 30 }, (_, i) => `us-east-${i}`);
  const many = Array.from({ length: 20 }, (_, i) => ({
    ...clusters[1],
    cluster: `dc${i + 2}`,
    zones,
    eastWest: Array.from({ length: 4 }, (_, n) => `gateway-${n}.dc${i}.example.com:7443`),
    federation: Array.from({ length: 4 }, (_, n) => `gateway-${n}.dc${i}.example.com:7444`),
  }));
  const { origin } = await openLarge(t, { control: { clusters: () => many as never } });
  const env = { ISTHMUS_ADMIN: origin };
  for (const kind of ['clusters', 'services', 'trust', 'graph']) {
    const { code, stdout } = await isthmus(['get', kind, '-o', 'wide'], { env });
    t.is(code, 0, kind);
    const widest = Math.max(...stdout.split('\n').map((line) => [...line].length));
    t.true(widest > 40 && widest <= 200, `${kind}: ${widest}`);
  }
  const { stdout } = await isthmus(['get', 'cluster', 'dc9', '-o', 'json'], { env });
  t.deepEqual(JSON.parse(stdout).zones, zones);
});
