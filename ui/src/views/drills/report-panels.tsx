/** Owns a drill's report as panels: its tables as every report has them, what was met and missed set off, and the report to take along. */
import { type ReportTable, reportModel } from '../../../../federation/drills/report-model.ts';
import type { Report } from '../../api/drills.ts';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/page.tsx';
import { Table } from '../../ui/table.tsx';
import { Facts } from './facts.tsx';
import { ReportDownloads } from './report-downloads.tsx';

/** The view has a timeline of its own. */
const elsewhere: ReadonlySet<string> = new Set(['timeline']);
const tones: Readonly<Record<string, 'ok' | 'bad'>> = { met: 'ok', missed: 'bad' };

export function ReportPanels({ report, id }: { readonly report: Report; readonly id: string }) {
  const { tables } = reportModel(report);
  const shown = tables.filter((table) => !elsewhere.has(table.id));
  return (
    <div class="two-columns">
      {shown.map((table) => (
        <Panel
          key={table.id}
          id={`report-${table.id}`}
          title={table.title}
          actions={
            table.id === 'objectives' && (
              <ReportDownloads id={id} signed={report.signature !== undefined} />
            )
          }
        >
          {table.columns.some((title) => title !== '') ? (
            <Rows table={table} />
          ) : (
            <Facts rows={table.rows} />
          )}
        </Panel>
      ))}
    </div>
  );
}

function Rows({ table }: { readonly table: ReportTable }) {
  const { id, title, columns, rows, numeric = false } = table;
  return (
    <Table
      id={id}
      plain
      caption={title}
      rows={rows}
      rowKey={(row) => row.join(' ')}
      empty=""
      columns={columns.map((name, i) => ({
        id: name,
        title: name,
        numeric: numeric && i > 0,
        value: (row: readonly string[]) => row[i],
        cell: ([...cells]: readonly string[]) => {
          const text = cells[i] ?? '';
          const tone = tones[text];
          return tone ? <Badge tone={tone}>{text}</Badge> : text;
        },
      }))}
    />
  );
}
