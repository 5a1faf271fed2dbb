/** Owns the unified format of what differs between two texts, as `diff -u` prints it and `patch` reads it. */

/** Lines that are the same, before and after each change. */
const context = 3;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Empty where they are the same. */
export function unifiedDiff(
  before: string,
  after: string,
  names: { readonly before: string; readonly after: string },
): string[] {
  if (before === after) return [];
  const lines = compared(linesOf(before), linesOf(after));
  return [`--- ${names.before}`, `+++ ${names.after}`, ...hunks(lines)];
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}

/** All lines of both, in order, with as many as can be counted as the same. */
function compared(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...before.slice(0, head).map(same),
    ...changed(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** By the longest common subsequence: `common[i][j]` is its length from line `i` of one and line `j` of the other on. */
function changed(before: readonly string[], after: readonly string[]): Line[] {
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = common[i] as Uint32Array;
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [was, is] = [before[i], after[j]];
    if (was !== undefined && was === is) {
      lines.push({ mark: ' ', text: was });
      i++;
      j++;
    } else if (is === undefined || (was !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: '-', text: was ?? '' });
      i++;
    } else {
      lines.push({ mark: '+', text: is });
      j++;
    }
  }
  return lines;
}

/** Changes that are near to each other are told together, under one head of where they are. */
function hunks(lines: readonly Line[]): string[] {
  const told: string[] = [];
  let [was, is] = [1, 1];
  let at = 0;
  const skip = (line: Line | undefined) => {
    if (line?.mark !== '+') was++;
    if (line?.mark !== '-') is++;
  };
  for (;;) {
    const first = lines.findIndex(({ mark }, i) => i >= at && mark !== ' ');
    if (first === -1) return told;
    const begin = Math.max(at, first - context);
    for (; at < begin; at++) skip(lines[at]);
    let end = first;
    for (let i = first; i < lines.length && i <= end + 2 * context + 1; i++) {
      if (lines[i]?.mark !== ' ') end = i;
    }
    const part = lines.slice(begin, end + 1 + context);
    const count = (other: '-' | '+') => part.filter(({ mark }) => mark !== other).length;
    told.push(`@@ -${range(was, count('+'))} +${range(is, count('-'))} @@`);
    for (const line of part) {
      told.push(`${line.mark}${line.text}`);
      skip(line);
    }
    at = begin + part.length;
  }
}

/** Of no line at all the number is that of the line before. */
function range(first: number, count: number): string {
  if (count === 0) return `${first - 1},0`;
  return count === 1 ? String(first) : `${first},${count}`;
}
