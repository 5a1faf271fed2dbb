/** Specifies what differs between two texts, as `diff -u` prints it. */
import test from 'ava';
import { unifiedDiff } from '../../core/unified-diff.ts';
import { seeded } from '../support/random.ts';

const names = { before: 'now', after: 'applied' };

test('nothing is said of what is the same', (t) => {
  t.deepEqual(unifiedDiff('a\nb', 'a\nb', names), []);
});

for (const [before, after, lines] of [
  ['', 'a\nb', ['@@ -0,0 +1,2 @@', '+a', '+b']],
  ['a', '', ['@@ -1 +0,0 @@', '-a']],
  ['a\nb\nc', 'a\nB\nc', ['@@ -1,3 +1,3 @@', ' a', '-b', '+B', ' c']],
  [
    '1\n2\n3\n4\n5\n6\n7\n8\n9',
    '1\n2\n3\n4\n5\n6\n7\n8',
    ['@@ -6,4 +6,3 @@', ' 6', ' 7', ' 8', '-9'],
  ],
  [
    'x\n1\n2\n3\n4\n5\n6\n7\ny',
    'X\n1\n2\n3\n4\n5\n6\n7\nY',
    [
      ...['@@ -1,4 +1,4 @@', '-x', '+X', ' 1', ' 2', ' 3'],
      ...['@@ -6,4 +6,4 @@', ' 5', ' 6', ' 7', '-y', '+Y'],
    ],
  ],
  [
    'x\n1\n2\n3\n4\n5\n6\ny',
    'X\n1\n2\n3\n4\n5\n6\nY',
    ['@@ -1,8 +1,8 @@', '-x', '+X', ' 1', ' 2', ' 3', ' 4', ' 5', ' 6', '-y', '+Y'],
  ],
] as const) {
  test(`${JSON.stringify(before)} becomes ${JSON.stringify(after)}`, (t) => {
    t.deepEqual(unifiedDiff(before, after, names), ['--- now', '+++ applied', ...lines]);
  });
}

/** What `patch` makes of a text; throws where a line is not what the difference says. */
function patched(before: string, diff: readonly string[]): string {
  const lines = before === '' ? [] : before.split('\n');
  const made: string[] = [];
  let at = 0;
  for (const line of diff.slice(2)) {
    const head = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line);
    if (head) {
      const first = Number(head[1]) - (head[2] === '0' ? 0 : 1);
      while (at < first) made.push(lines[at++] ?? '');
      continue;
    }
    const text = line.slice(1);
    if (line[0] !== '+' && lines[at++] !== text) throw new Error(`line ${at} is not ${text}`);
    if (line[0] !== '-') made.push(text);
  }
  return [...made, ...lines.slice(at)].join('\n');
}

test('whatever differs, what is said of it makes the one of the other', (t) => {
  const random = seeded(7);
  for (let round = 0; round < 300; round++) {
    const text = () =>
      Array.from({ length: random.below(30) }, () => 'abcde'[random.below(5)]).join('\n');
    const [before, after] = [text(), text()];
    const diff = unifiedDiff(before, after, names);
    t.is(before === after ? before : patched(before, diff), after);
  }
});
