/** Owns printing lists of the admin API as tables. */
import type { Items } from '../../gateway/admin/answers.ts';
import type { Cli } from './cli.ts';
import { type Column, renderTable } from './table.ts';

export async function list<T>(
  cli: Cli,
  kind: string,
  columns: readonly Column<T>[],
  query: Record<string, string | undefined> = {},
): Promise<void> {
  const admin = await cli.admin();
  const answer = await admin.get<Items<T>>(`/v1/${kind}`, query);
  show(cli, kind, answer, columns, answer.items);
}

export function show<T>(
  cli: Cli,
  kind: string,
  answer: unknown,
  columns: readonly Column<T>[],
  rows: readonly T[],
): void {
  cli.print(answer, (view) => (rows.length === 0 ? '' : renderTable(columns, rows, view)));
  if (rows.length === 0) cli.note(`No ${kind}.`);
}
