/** Owns the view of all drills: what is being rehearsed, and how earlier rehearsals went. */
import { type DrillSummary, isOver, titleOf } from '../../api/drills.ts';
import { span } from '../../format/time.ts';
import { now } from '../../live/clock.ts';
import { drills } from '../../live/store.ts';
import { Page } from '../../ui/page.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { DrillState } from './drill-state.tsx';
import { DrillTabs } from './drill-tabs.tsx';

const columns: readonly Column<DrillSummary>[] = [
  {
    id: 'drill',
    title: 'Drill',
    value: titleOf,
    text: ({ id, spec }) => `${id} ${spec.reason ?? ''}`,
    cell: (drill) => (
      <span class="two-lines">
        <a href={`/drills/${drill.id}`}>{titleOf(drill)}</a>
        <span class="faint">{drill.spec.reason ?? drill.id}</span>
      </span>
    ),
  },
  {
    id: 'state',
    title: 'State',
    value: ({ state }) => state,
    text: ({ outcome }) => outcome ?? '',
    cell: (drill) => <DrillState drill={drill} />,
  },
  {
    id: 'driver',
    title: 'Driven by',
    value: ({ driver }) => `${driver.cluster} ${driver.gateway}`,
    text: ({ schedule }) => schedule ?? '',
    cell: ({ driver, schedule }) => (
      <span class="two-lines">
        {driver.cluster}
        <span class="faint">{schedule === undefined ? driver.gateway : `as ${schedule} says`}</span>
      </span>
    ),
  },
  {
    id: 'created',
    title: 'Begun',
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <Time at={createdAt} />,
  },
  {
    id: 'took',
    title: 'Took',
    numeric: true,
    value: lasted,
    cell: (drill) => (isOver(drill) ? span(lasted(drill)) : <TimeLeft drill={drill} />),
  },
];

export default function DrillsView() {
  return (
    <Page
      title="Drills"
      lead="A failover that was never rehearsed doesn’t work. A drill is a planned failure with guardrails: it reverts by itself."
      actions={
        <>
          {drills.list.length > 1 && (
            <a class="button" href="/drills/compare">
              Compare
            </a>
          )}
          <a class="button button-primary" href="/drills/new">
            New drill
          </a>
        </>
      }
    >
      <DrillTabs open="drills" />
      <Table
        caption="Drills"
        rows={drills.list}
        columns={columns}
        rowKey={({ id }) => id}
        defaultSort="-created"
        empty={
          drills.known ? (
            <>
              Nothing was ever rehearsed here.{' '}
              <a href="/drills/new?kind=evacuate">Evacuate a cluster</a> is a good first drill.
            </>
          ) : (
            'Asking the gateway …'
          )
        }
      />
    </Page>
  );
}

function lasted({ createdAt, endedAt }: DrillSummary): number {
  return (endedAt ?? createdAt) - createdAt;
}

function TimeLeft({ drill }: { readonly drill: DrillSummary }) {
  if (drill.endsAt === undefined) return <>getting ready</>;
  const left = drill.endsAt - now.value;
  return <>{left > 0 ? `${span(left)} left` : 'reverting'}</>;
}
