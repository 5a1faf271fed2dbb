/** Owns lists as tables: sorted and filtered by what the URL says, keyed rows that update in place, of many those on screen. */
import type { ComponentChildren } from 'preact';
import { useQuery } from '../url/use-query.ts';
import { FilterBox } from './filter-box.tsx';
import { Icon } from './icon.tsx';
import {
  filterRows,
  formatSort,
  parseSort,
  type Sort,
  type SortableColumn,
  sortRows,
} from './table-state.ts';
import { useWindow } from './use-window.ts';

export interface Column<Row> extends SortableColumn<Row> {
  readonly title: string;
  /** Default: the value as text. */
  readonly cell?: (row: Row) => ComponentChildren;
  /** Numbers stand at the end of their cell. */
  readonly numeric?: boolean;
}

interface TableProps<Row> {
  /** Names its parameters in the URL where a view has several: `ID.q`, `ID.sort`. */
  readonly id?: string;
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly rowClass?: (row: Row) => string | undefined;
  /** Order while nobody has chosen one, such as `-requests`. */
  readonly defaultSort?: string;
  /** Said when there are no rows at all. */
  readonly empty: ComponentChildren;
  /** Beside the filter. */
  readonly tools?: ComponentChildren;
  /** No filter, for lists of a handful. */
  readonly plain?: boolean;
}

export function Table<Row>(props: TableProps<Row>) {
  const { id, caption, rows, columns, rowKey, rowClass, defaultSort, empty, tools, plain } = props;
  const { values, set } = useQuery();
  const [queryName, sortName] = id === undefined ? ['q', 'sort'] : [`${id}.q`, `${id}.sort`];
  const query = values[queryName] ?? '';
  const sort = parseSort(values[sortName] ?? defaultSort);
  const found = plain ? rows : filterRows(rows, columns, query);
  const shown = sortRows(found, columns, sort);
  const { ref, first, end, before, after } = useWindow(shown.length);
  const isWhole = end - first === shown.length;
  return (
    <div class="table-block">
      {!plain && (
        <div class="table-tools">
          <FilterBox
            label={`Filter: ${caption}`}
            value={query}
            columns={columns.map((column) => column.id)}
            onChange={(text) => set({ [queryName]: text })}
          />
          <span class="table-count num" aria-live="polite">
            {query === '' ? `${rows.length} in all` : `${found.length} of ${rows.length}`}
          </span>
          {tools}
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <figure class="table-scroll" aria-label={caption} tabIndex={0}>
        <table aria-rowcount={isWhole ? undefined : shown.length + 1}>
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head
                  key={column.id}
                  column={column}
                  sort={sort}
                  onSort={(next) => set({ [sortName]: formatSort(next) })}
                />
              ))}
            </tr>
          </thead>
          <tbody ref={ref}>
            <Room height={before} />
            {shown.slice(first, end).map((row, i) => (
              <tr
                key={rowKey(row)}
                class={rowClass?.(row)}
                aria-rowindex={isWhole ? undefined : first + i + 2}
              >
                {columns.map((column) => (
                  <td key={column.id} class={column.numeric ? 'num end' : undefined}>
                    {column.cell ? column.cell(row) : (column.value(row) ?? '–')}
                  </td>
                ))}
              </tr>
            ))}
            <Room height={after} />
            {shown.length === 0 && (
              <tr>
                <td colSpan={columns.length} class="table-empty">
                  {rows.length === 0 ? empty : `Nothing matches “${query}”.`}
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </figure>
    </div>
  );
}

/** In place of rows that are not drawn. */
function Room({ height }: { readonly height: number }) {
  if (height === 0) return null;
  return (
    <tr class="table-room">
      <td style={{ blockSize: `${height}px` }} />
    </tr>
  );
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sort: Sort | undefined;
  readonly onSort: (sort: Sort) => void;
}) {
  const sorted = sort?.column === column.id ? sort : undefined;
  const state = sorted ? (sorted.descending ? 'descending' : 'ascending') : 'none';
  // Numbers are looked at from the largest down.
  const descending = sorted ? !sorted.descending : column.numeric === true;
  return (
    <th scope="col" aria-sort={state} class={column.numeric ? 'end' : undefined}>
      <button
        type="button"
        class="th-button"
        onClick={() => onSort({ column: column.id, descending })}
      >
        {column.title}
        <span class="th-mark">
          {sorted && <Icon name={sorted.descending ? 'down' : 'up'} size={12} />}
        </span>
      </button>
    </th>
  );
}
