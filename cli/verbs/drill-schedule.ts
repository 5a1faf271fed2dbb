/** Owns `isthmus drill schedule`: drills that this cluster runs by the calendar. */
import { IsthmusError } from '../../core/errors.ts';
import { scopeText } from '../../federation/drills/words.ts';
import type { Items } from '../../gateway/control/api/answers.ts';
import type { ScheduleItem } from '../../gateway/control/drills/schedules.ts';
import type { AdminClient } from '../admin-client.ts';
import type { Cli } from '../cli.ts';
import type { ListOptions } from '../listing.ts';
import { type Column, renderFields, renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import { noHeaders, type Verb } from '../verb.ts';
import { moment } from '../words.ts';

interface SetOptions {
  readonly file: string;
  readonly new?: true;
}

export function scheduleVerbs(drill: Verb, cli: Cli): void {
  const schedule = drill
    .command('schedule')
    .description('Drills by the calendar: list, read, set and delete them.')
    .examples(
      ['isthmus drill schedule list', 'of all clusters, and when each runs next'],
      ['isthmus drill schedule set monthly -f monthly.yaml', 'this cluster runs it from now on'],
    )
    .helpCommand(false);
  schedule
    .command('list')
    .description('List the schedules of all clusters, and when each runs next.')
    .examples(['isthmus drill schedule list', 'one line each'])
    .names()
    .addOption(noHeaders())
    .action((options: ListOptions) => list(cli, options));
  schedule
    .command('get')
    .argument('<schedule>', "Name of one of this cluster's.")
    .description('Show a schedule of this cluster.')
    .examples(
      ['isthmus drill schedule get monthly', 'to read'],
      ['isthmus drill schedule get monthly -o yaml > monthly.yaml', 'to edit, and set again'],
    )
    .action(async (name: string) => {
      const admin = await cli.admin();
      const item = await admin.get<ScheduleItem>(schedulePath(name));
      cli.print(item, (view) => layout(item, view));
    });
  schedule
    .command('set')
    .argument('<schedule>', 'Its name.')
    .description('Make a schedule of this cluster, or replace it.')
    .requiredOption('-f, --file <file>', 'The schedule, as YAML or JSON; - is standard input.')
    .option('--new', 'Only where there is none of this name.')
    .examples(
      ['isthmus drill schedule set monthly -f monthly.yaml', 'cron, timeZone, blackouts, spec'],
      ['generate | isthmus drill schedule set monthly -f - --new', 'never in place of another'],
    )
    .action((name: string, options: SetOptions) => set(cli, name, options));
  schedule
    .command('delete')
    .argument('<schedule>', "Name of one of this cluster's.")
    .description('End a schedule of this cluster; a drill that it has started goes on.')
    .examples(['isthmus drill schedule delete monthly', 'it runs no more'])
    .action(async (name: string) => {
      const admin = await cli.admin();
      const path = schedulePath(name);
      const { value, etag } = await admin.getTagged<ScheduleItem>(path);
      await admin.send<void>('DELETE', path, undefined, { 'if-match': etag });
      cli.print({ name, deleted: true }, () =>
        printable(`deleted schedule ${name}: ${drillText(value)}, ${value.schedule.cron}`),
      );
    });
}

async function list(cli: Cli, options: ListOptions): Promise<void> {
  const admin = await cli.admin();
  const answer = await admin.get<Items<ScheduleItem>>('/v1/drill-schedules');
  const { items } = answer;
  cli.print(
    answer,
    (view) => (items.length === 0 ? '' : renderTable(columns, items, { ...view, ...options })),
    () => items.map(({ name }) => printable(name)).join('\n'),
  );
  if (items.length === 0) cli.note('No schedules.');
}

/** A schedule that was printed, edited and is set again replaces that very schedule, and no later one. */
async function set(cli: Cli, name: string, { file, new: isNew }: SetOptions): Promise<void> {
  const { readText, placed } = await import('../written.ts');
  const { parseSchedule } = await import('../schedule-file.ts');
  const written = await readText(cli, file);
  const { schedule, at, under } = parseSchedule(written);
  const admin = await cli.admin();
  const path = schedulePath(name);
  const condition =
    isNew === true
      ? { 'if-none-match': '*' }
      : at === undefined
        ? {}
        : { 'if-match': await tagOf(admin, path, at, written.name) };
  const item = await placed(written, under, () =>
    admin.send<ScheduleItem>('PUT', path, schedule, condition),
  );
  cli.print(item, () => printable(`set schedule ${name}: ${drillText(item)}, ${nextText(item)}`));
}

/** The tag of the schedule as it is, which is as it was `at`. Throws PRECONDITION_FAILED where it was set again since. */
async function tagOf(admin: AdminClient, path: string, at: number, file: string): Promise<string> {
  const { value, etag } = await admin.getTagged<ScheduleItem>(path);
  if (value.at === at) return etag;
  throw new IsthmusError('PRECONDITION_FAILED', {
    what: `The schedule was set again at ${moment(value.at)}; the file is from ${moment(at)}`,
    where: file,
    fix: 'Get it again and repeat the change; or give the schedule by itself, without `at`, to replace whatever is there.',
  });
}

function schedulePath(name: string): string {
  return `/v1/drill-schedules/${encodeURIComponent(name)}`;
}

function drillText({ schedule: { spec } }: ScheduleItem): string {
  return `${spec.kind} ${scopeText(spec.scope)}`.trim();
}

function nextText({ nextRun, schedule }: ScheduleItem): string {
  if (!schedule.enabled) return 'disabled';
  return nextRun === undefined ? 'never runs' : `next run ${moment(nextRun)}`;
}

const columns: readonly Column<ScheduleItem>[] = [
  { title: 'NAME', cell: (s) => s.name },
  { title: 'CLUSTER', cell: (s) => s.cluster },
  { title: 'DRILL', cell: (s) => drillText(s) },
  { title: 'CRON', cell: (s) => s.schedule.cron },
  { title: 'TIME ZONE', cell: (s) => s.schedule.timeZone },
  {
    title: 'NEXT RUN',
    cell: (s) => (s.nextRun === undefined ? undefined : moment(s.nextRun)),
    color: (s) => (s.nextRun === undefined ? 'yellow' : undefined),
  },
  { title: 'ENABLED', cell: (s) => (s.schedule.enabled ? 'yes' : 'no') },
  { title: 'BLACKOUTS', cell: (s) => s.schedule.blackouts.map(blackoutText), wide: true },
  { title: 'SET', cell: (s) => moment(s.at), wide: true },
];

function layout(item: ScheduleItem, view: View): string {
  const { cluster, name, schedule, at } = item;
  const { spec } = schedule;
  const guardrails = Object.entries(spec.guardrails).map(([key, value]) => `${key} ${value}`);
  const fields: [string, string][] = [
    ['schedule', `${name} of ${cluster}, set ${moment(at)}`],
    ['drill', drillText(item)],
    ['when', `${schedule.cron} (${schedule.timeZone}), ${nextText(item)}`],
    ...schedule.blackouts.map((one): [string, string] => ['but not', blackoutText(one)]),
    ['how', `ramp ${spec.ramp}, for ${spec.duration}`],
    ['guardrails', guardrails.join(', ')],
  ];
  if (spec.reason !== undefined) fields.push(['reason', spec.reason]);
  return renderFields(fields, view);
}

function blackoutText(blackout: ScheduleItem['schedule']['blackouts'][number]): string {
  const span = `${blackout.from} to ${blackout.until}`;
  return 'days' in blackout ? `${blackout.days.join(' ')} ${span}` : span;
}
