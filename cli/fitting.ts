/** Owns fitting a table into a width: which columns give way, and how a cell that does not fit is shown. */

/** How much of its width a column can give. */
export interface Breadth {
  /** Width of the widest cell. */
  readonly natural: number;
  /** Down to this it gives way first: lists and sentences, which stay readable. */
  readonly easy: number;
  /** Down to this it gives way when that was not enough. */
  readonly least: number;
}

/** Widths of columns that fit `room` together, the widest giving way first; more than `room` where even the least do not fit. */
export function fitted(columns: readonly Breadth[], room: number): number[] {
  const easy = levelled(
    columns,
    columns.map((column) => column.easy),
    room,
  );
  if (sum(easy) <= room) return easy;
  const hard = columns.map((column) => ({ natural: column.easy }));
  return levelled(
    hard,
    columns.map((column) => column.least),
    room,
  );
}

/** Cut at one width for all that is as low as it must be; no column under its floor. */
function levelled(
  columns: readonly Pick<Breadth, 'natural'>[],
  floors: readonly number[],
  room: number,
): number[] {
  const under = (most: number) =>
    columns.map(({ natural }, i) => Math.max(floors[i] ?? 0, Math.min(natural, most)));
  let most = Math.max(0, ...columns.map(({ natural }) => natural));
  while (most > 0 && sum(under(most)) > room) most--;
  return under(most);
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0);
}

/** `text` in at most `width` characters, an ellipsis for what is left out. */
export function cut(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** All items where they fit, else as many as do: `a, b and 3 more`. */
export function shortList(items: readonly string[], width: number): string {
  const all = items.join(items.some((item) => item.includes(' ')) ? ', ' : ',');
  if ([...all].length <= width || items.length < 2) return cut(all, width);
  for (let shown = items.length - 1; shown > 1; shown--) {
    const text = `${items.slice(0, shown).join(', ')} and ${items.length - shown} more`;
    if ([...text].length <= width) return text;
  }
  const rest = ` and ${items.length - 1} more`;
  const first = items[0] ?? '';
  // A few letters of a name say nothing: the count says more.
  return width - rest.length >= 4
    ? cut(first, width - rest.length) + rest
    : cut(`${items.length} of them`, width);
}

/** The lines of a sentence that are at most `width` long; a word that is longer is cut. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    const longer = `${line} ${word}`;
    if (line !== undefined && [...longer].length <= width) lines[lines.length - 1] = longer;
    else lines.push(cut(word, width));
  }
  return lines;
}
