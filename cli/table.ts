/** Owns aligned tables: columns as wide as their widest cell, two spaces between, nothing trailing, no wider than there is room. */
import { type InspectColor, stripVTControlCharacters } from 'node:util';
import { type Breadth, cut, fitted, shortList, wrapped } from './fitting.ts';
import { type Paint, printable } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  /** The cell's text, or the items of a list; undefined, '' and [] show as `-`. */
  readonly cell: (row: Row) => string | number | readonly string[] | undefined;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  readonly align?: 'right';
  /** How a cell that does not fit is shown: cut (the default, lists are shortened), continued below, or whole all the same. */
  readonly overlong?: 'continued' | 'kept';
  readonly color?: (row: Row) => InspectColor | undefined;
}

/** How a table is shown. */
export interface View {
  /** With the wide columns. */
  readonly wide: boolean;
  readonly paint: Paint;
  /** Columns of the terminal; 200 where there is none. */
  readonly room: number;
  /** False: without the line of titles. */
  readonly headers?: boolean;
  /** The least widths of columns, kept from one table to the next, so that lines stay under each other. */
  readonly widths?: number[];
}

const gap = '  ';
/** Characters that still say something: of a sentence, of a list, of anything. */
const readable = { continued: 32, list: 16, cell: 8 };

/** Lays `rows` out under their titles. Cells are made printable. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  view: View,
): string {
  const shown = columns.filter((column) => view.wide || column.wide !== true);
  const values = rows.map((row) => shown.map((column) => column.cell(row)));
  const cells = values.map((line) => line.map(content));
  const breadths = shown.map((column, i) => {
    const title = view.headers === false ? 0 : widthOf(column.title);
    const lengths = cells.map((line) => widthOf(shortList(line[i] ?? [], Infinity)));
    const natural = Math.max(title, view.widths?.[i] ?? 0, ...lengths);
    if (view.widths) view.widths[i] = natural;
    return breadth(
      column,
      natural,
      title,
      values.some((line) => Array.isArray(line[i])),
    );
  });
  const widths = fitted(breadths, view.room - gap.length * (shown.length - 1));
  const titles = shown.map(({ title }) => [view.paint('bold', title)]);
  const laidOut = rows.map((row, at) =>
    shown.map((column, i) => {
      const color = column.color?.(row);
      const lines = cellLines(column, cells[at]?.[i] ?? [], widths[i] ?? 0);
      return color === undefined ? lines : lines.map((line) => view.paint(color, line));
    }),
  );
  return [...(view.headers === false ? [] : [titles]), ...laidOut]
    .flatMap((line) => {
      const height = Math.max(...line.map((cell) => cell.length));
      return Array.from({ length: height }, (_, row) =>
        shown
          .map(({ align }, i) => padded(line[i]?.[row] ?? '', widths[i] ?? 0, align))
          .join(gap)
          .trimEnd(),
      );
    })
    .join('\n');
}

/** Lays out `name  value` lines, the names in one column. Values are made printable. */
export function renderFields(
  fields: readonly (readonly [string, string])[],
  view: Pick<View, 'paint'>,
): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields
    .map(([name, value]) => `${view.paint('bold', name.padEnd(width))}  ${printable(value)}`)
    .join('\n');
}

/** The items of a cell, printable; a cell that is no list has one. */
function content(value: string | number | readonly string[] | undefined): string[] {
  const items = Array.isArray(value) ? value : [value ?? ''];
  const texts = items.map((item) => printable(String(item)).replaceAll('\n', ' '));
  return texts.every((text) => text === '') ? ['-'] : texts;
}

function breadth<Row>(
  { overlong }: Column<Row>,
  natural: number,
  title: number,
  isList: boolean,
): Breadth {
  const downTo = (width: number) => Math.min(natural, Math.max(title, width));
  if (overlong === 'kept') return { natural, easy: natural, least: natural };
  const easy = overlong === 'continued' ? readable.continued : isList ? readable.list : natural;
  return { natural, easy: downTo(easy), least: downTo(readable.cell) };
}

/** The lines of a cell in a column of `width`. */
function cellLines<Row>(
  { overlong }: Column<Row>,
  items: readonly string[],
  width: number,
): string[] {
  if (items.length > 1) return [shortList(items, width)];
  const [text = ''] = items;
  return overlong === 'continued' ? wrapped(text, width) : [cut(text, width)];
}

function widthOf(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

function padded(cell: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return align === 'right' ? space + cell : cell + space;
}
