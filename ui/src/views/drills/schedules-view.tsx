/** Owns the view of schedules: which drills are run by the calendar, when next, and ending one. */
import { call } from '../../api/client.ts';
import { titleOf } from '../../api/drills.ts';
import type { ScheduleItem } from '../../api/standing.ts';
import { useAction } from '../../api/use-action.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { status } from '../../live/store.ts';
import { vantage, viaParameter } from '../../live/vantage.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { Page } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { changedUrl } from '../../url/changed-url.ts';
import { blackoutText } from './blackouts.ts';
import { DrillTabs } from './drill-tabs.tsx';
import { schedulePath } from './use-edited-schedule.ts';

export default function SchedulesView() {
  const fetched = useFetched<{ readonly items: readonly ScheduleItem[] }>(
    '/v1/drill-schedules',
    5_000,
  );
  const removal = useAction(async ({ cluster, name }: ScheduleItem) => {
    // A cluster's schedules are its own: another's are ended at its gateway.
    const at = cluster === status.value?.cluster ? vantage.peek() : cluster;
    await call(schedulePath(name), { method: 'DELETE', at });
    fetched.again();
  });
  return (
    <Page
      title="Schedules"
      lead="Drills that are run by the calendar, each by the cluster that it was made in."
      actions={
        <a class="button button-primary" href="/drills/new?when=calendar">
          New schedule
        </a>
      }
    >
      <DrillTabs open="schedules" />
      <ProblemNote problem={removal.problem ?? fetched.problem} />
      <Table
        caption="Schedules"
        rows={fetched.value?.items ?? []}
        rowKey={({ cluster, name }) => `${cluster} ${name}`}
        defaultSort="next"
        empty={fetched.value ? 'Nothing is rehearsed by the calendar.' : 'Asking the gateway …'}
        columns={[
          {
            id: 'name',
            title: 'Schedule',
            value: ({ name }) => name,
            cell: ({ name, cluster, schedule }) => (
              <span class="two-lines">
                <a class="nowrap" href={editHref(cluster, name)}>
                  {name}
                </a>
                {!schedule.enabled && <span class="faint">off</span>}
              </span>
            ),
          },
          {
            id: 'drill',
            title: 'Drill',
            value: ({ schedule }) => titleOf(schedule),
            cell: ({ schedule }) => (
              <span class="two-lines">
                {titleOf(schedule)}
                <span class="faint">{schedule.spec.reason}</span>
              </span>
            ),
          },
          {
            id: 'cron',
            title: 'When',
            value: ({ schedule }) => schedule.cron,
            text: ({ schedule }) => schedule.timeZone,
            cell: ({ schedule }) => (
              <span class="two-lines">
                <span class="mono nowrap">{schedule.cron}</span>
                <span class="faint">{schedule.timeZone}</span>
              </span>
            ),
          },
          {
            id: 'not',
            title: 'Not during',
            value: ({ schedule }) => schedule.blackouts.map(blackoutText).join('; ') || undefined,
            cell: ({ schedule }) => (
              <span class="two-lines">
                {schedule.blackouts.map((blackout) => (
                  <span key={blackoutText(blackout)}>{blackoutText(blackout)}</span>
                ))}
              </span>
            ),
          },
          {
            id: 'next',
            title: 'Next run',
            value: ({ nextRun }) => nextRun,
            cell: ({ nextRun }) => (nextRun === undefined ? 'never' : <Time at={nextRun} />),
          },
          { id: 'cluster', title: 'Run by', value: ({ cluster }) => cluster },
          {
            id: 'act',
            title: 'Acts',
            value: () => undefined,
            cell: (item) => (
              <ActButton
                needs="operator"
                look="small"
                disabled={removal.busy}
                label={`Remove ${item.name} of ${item.cluster}`}
                onClick={() => void removal.run(item)}
              >
                Remove
              </ActButton>
            ),
          },
        ]}
      />
    </Page>
  );
}

/** A cluster's schedules are its own: another's are edited as seen from there. */
function editHref(cluster: string, name: string): string {
  const via = cluster === status.value?.cluster ? undefined : cluster;
  return changedUrl('/drills/new', { when: 'calendar', edit: name, [viaParameter]: via });
}
