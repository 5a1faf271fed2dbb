/** Owns a drill's report: the verdict, how long what took, what requests saw, predicted load against measured. */
import type { Report } from '../../api/drills.ts';
import { ms, rate } from '../../format/number.ts';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/page.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Decisions } from './decisions.tsx';
import { ReportDownloads } from './report-downloads.tsx';

const objectives = {
  completed: 'Completed',
  rto: 'Recovery',
  errorBudget: 'Error budget',
  refusals: 'Refusals',
} as const;

const capacityColumn: Column<Report['load'][number]> = {
  id: 'capacity',
  title: 'Capacity',
  numeric: true,
  value: ({ capacity }) => capacity,
  cell: ({ capacity }) => rate(capacity),
};

export function ReportPanels({ report, id }: { readonly report: Report; readonly id: string }) {
  const { verdict } = report;
  return (
    <>
      <div class="two-columns">
        <Panel
          id="verdict"
          title="Objectives"
          actions={<ReportDownloads id={id} signed={report.signature !== undefined} />}
        >
          <ul class="objectives">
            {verdict.objectives.map(({ name, what, met }) => (
              <li key={name}>
                <Badge tone={met ? 'ok' : 'bad'}>{met ? 'met' : 'missed'}</Badge>
                <span>
                  <strong>{objectives[name]}</strong> {what}
                </span>
              </li>
            ))}
          </ul>
          <Comparison report={report} />
        </Panel>
        <Panel id="requests-seen" title="What requests saw">
          <Table
            id="seen"
            plain
            caption="Requests before, during and after"
            rows={[
              { part: 'Before', traffic: report.before },
              { part: 'During', traffic: report.during },
              { part: 'After', traffic: report.after },
            ]}
            rowKey={({ part }) => part}
            empty="Nothing was measured."
            columns={[
              { id: 'part', title: 'Part', value: ({ part }) => part },
              {
                id: 'rate',
                title: 'Requests /s',
                numeric: true,
                value: ({ traffic }) => traffic.requestsPerSecond,
                cell: ({ traffic }) => rate(traffic.requestsPerSecond),
              },
              {
                id: 'requests',
                title: 'Requests',
                numeric: true,
                value: ({ traffic }) => traffic.requests,
              },
              {
                id: 'errors',
                title: 'Errors',
                numeric: true,
                value: ({ traffic }) => traffic.errors,
              },
              {
                id: 'p50',
                title: 'p50',
                numeric: true,
                value: ({ traffic }) => traffic.p50Ms,
                cell: ({ traffic }) => ms(traffic.p50Ms),
              },
              {
                id: 'p99',
                title: 'p99',
                numeric: true,
                value: ({ traffic }) => traffic.p99Ms,
                cell: ({ traffic }) => ms(traffic.p99Ms),
              },
            ]}
          />
        </Panel>
      </div>
      <div class="two-columns">
        <Panel id="load" title="Predicted and measured" lead="Requests a second by cluster.">
          <Table
            id="load"
            plain
            caption="Load by cluster"
            rows={report.load}
            rowKey={({ cluster }) => cluster}
            empty="Nothing was measured."
            columns={[
              { id: 'cluster', title: 'Cluster', value: ({ cluster }) => cluster },
              {
                id: 'before',
                title: 'Before',
                numeric: true,
                value: ({ before }) => before,
                cell: ({ before }) => rate(before),
              },
              {
                id: 'predicted',
                title: 'Predicted',
                numeric: true,
                value: ({ predicted }) => predicted,
                cell: ({ predicted }) => rate(predicted),
              },
              {
                id: 'measured',
                title: 'Measured',
                numeric: true,
                value: ({ measured }) => measured,
                cell: ({ measured }) => rate(measured),
              },
              ...(report.load.some(({ capacity }) => capacity !== undefined)
                ? [capacityColumn]
                : []),
            ]}
          />
        </Panel>
        <Decisions report={report} />
      </div>
    </>
  );
}

function Comparison({ report }: { readonly report: Report }) {
  const { comparison, id } = report;
  if (comparison === undefined) return null;
  return (
    <p class="hint">
      Last time{' '}
      <a href={`/drills/compare?a=${comparison.with}&b=${id}`}>
        it {comparison.passed ? 'passed' : 'failed'}
      </a>
      {comparison.shiftMs !== undefined &&
        `; this time the shift took ${ms(Math.abs(comparison.shiftMs))} ${comparison.shiftMs <= 0 ? 'less' : 'more'}`}
      .
    </p>
  );
}
