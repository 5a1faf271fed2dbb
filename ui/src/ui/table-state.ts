/** Owns filtering and sorting a list as pure functions; the state is the text in the URL. */

type Cell = string | number | boolean | undefined | null;

export interface SortableColumn<Row> {
  readonly id: string;
  /** The value that the column is sorted and filtered by. */
  readonly value: (row: Row) => Cell;
  /** Further text it is found by. */
  readonly text?: (row: Row) => string;
}

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** `name` ascending, `-name` descending. */
export function parseSort(text: string | undefined): Sort | undefined {
  if (text === undefined || text === '' || text === '-') return undefined;
  return text.startsWith('-')
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false };
}

export function formatSort({ column, descending }: Sort): string {
  return descending ? `-${column}` : column;
}

/**
 * Rows that have every word of `query` in some column; `column:word` looks in that column only, `-word` wants
 * rows that have it not.
 */
export function filterRows<Row>(
  rows: readonly Row[],
  columns: readonly SortableColumn<Row>[],
  query: string,
): readonly Row[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  const ids = new Set(columns.map(({ id }) => id.toLowerCase()));
  const wanted = words.map((word) => parseWord(word, ids));
  return rows.filter((row) => {
    const texts = columns.map((column) => ({
      id: column.id.toLowerCase(),
      text: textOf(column, row),
    }));
    return wanted.every(({ column, text, not }) => {
      const found = texts.some(
        (t) => (column === undefined || t.id === column) && t.text.includes(text),
      );
      return found !== not;
    });
  });
}

/** Stable; rows without a value come last either way. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly SortableColumn<Row>[],
  sort: Sort | undefined,
): readonly Row[] {
  const column = columns.find(({ id }) => id === sort?.column);
  if (column === undefined) return rows;
  const sign = sort?.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (isMissing(x) || isMissing(y)) return Number(isMissing(x)) - Number(isMissing(y));
    return sign * compare(x, y);
  });
}

function parseWord(word: string, ids: ReadonlySet<string>) {
  const not = word.length > 1 && word.startsWith('-');
  const rest = not ? word.slice(1) : word;
  const colon = rest.indexOf(':');
  const column = colon > 0 ? rest.slice(0, colon) : undefined;
  return column !== undefined && ids.has(column)
    ? { column, text: rest.slice(colon + 1), not }
    : { column: undefined, text: rest, not };
}

function textOf<Row>({ value, text }: SortableColumn<Row>, row: Row): string {
  return `${value(row) ?? ''} ${text?.(row) ?? ''}`.toLowerCase();
}

function isMissing(cell: Cell): cell is undefined | null {
  return cell === undefined || cell === null;
}

function compare(a: NonNullable<Cell>, b: NonNullable<Cell>): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}
