/** Owns aligned tables: columns as wide as their widest cell, two spaces between, nothing trailing. */
import { type InspectColor, stripVTControlCharacters } from 'node:util';
import { type Paint, printable } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  /** The cell's text; undefined and '' show as `-`. */
  readonly cell: (row: Row) => string | number | undefined;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  readonly align?: 'right';
  readonly color?: (row: Row) => InspectColor | undefined;
}

/** How a table is shown: `wide` adds the wide columns. */
export interface View {
  readonly wide: boolean;
  readonly paint: Paint;
}

/** Lays `rows` out under their titles. Cells are made printable. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  view: View,
): string {
  const shown = columns.filter((column) => view.wide || column.wide !== true);
  const lines = [
    shown.map((column) => view.paint('bold', column.title)),
    ...rows.map((row) => shown.map((column) => paintedCell(column, row, view.paint))),
  ];
  const widths = shown.map((_, i) => Math.max(...lines.map((line) => widthOf(line[i] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, i) => padded(cell, widths[i] ?? 0, shown[i]?.align))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Lays out `name  value` lines, the names in one column. Values are made printable. */
export function renderFields(fields: readonly (readonly [string, string])[], view: View): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields
    .map(([name, value]) => `${view.paint('bold', name.padEnd(width))}  ${printable(value)}`)
    .join('\n');
}

function paintedCell<Row>(column: Column<Row>, row: Row, paint: Paint): string {
  const value = column.cell(row);
  const text =
    value === undefined || value === '' ? '-' : printable(String(value)).replaceAll('\n', ' ');
  const color = column.color?.(row);
  return color === undefined ? text : paint(color, text);
}

function widthOf(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

function padded(cell: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(width - widthOf(cell));
  return align === 'right' ? space + cell : cell + space;
}
