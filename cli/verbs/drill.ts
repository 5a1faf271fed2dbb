/** Owns `isthmus drill`: rehearsing a failure, watching it, ending it, and reading what came of it. */
import type { InspectColor } from 'node:util';
import { Argument } from 'commander';
import { drillKinds } from '../../federation/drills/fields.ts';
import type {
  Drill,
  DrillState,
  DrillSummary,
  Prediction,
  TimelineEntry,
} from '../../federation/drills/model.ts';
import { scopeText } from '../../federation/drills/words.ts';
import type { Items } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { drillSpec, type SpecFlags, specFlags } from '../drill-spec.ts';
import { exitCodes } from '../exit.ts';
import { serverEvents } from '../server-events.ts';
import { type Column, renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import { choice, type Verb } from '../verb.ts';
import { moment, percent } from '../words.ts';
import { reportVerbs } from './drill-report.ts';
import { scheduleVerbs } from './drill-schedule.ts';

export function drillVerb(program: Verb, cli: Cli): void {
  const drill = program
    .command('drill')
    .description('Rehearse failures: guarded, reverted by themselves, reported.')
    .examples(
      ['isthmus drill run evacuate --cluster dc1 --dry-run', 'what would happen'],
      ['isthmus drill run evacuate --cluster dc1', 'move all traffic away from dc1, and back'],
      ['isthmus drill report 20261121-090000-1f3a', 'how the last one went'],
    )
    .helpCommand(false);
  addRun(drill, cli);
  drill
    .command('list')
    .description('List drills, and what is drained or failed over.')
    .examples(['isthmus drill list', 'the newest last'], ['isthmus drill list -o json', 'all'])
    .names()
    .action(() => list(cli));
  drill
    .command('watch')
    .argument('<drill>', 'Its id.')
    .description('Show a drill as it goes on, until it is over. Exits 3 unless it passed.')
    .examples(['isthmus drill watch 20261121-090000-1f3a', 'line by line'])
    .action((id: string) => watch(cli, id));
  drill
    .command('abort')
    .argument('<drill>', 'Its id.')
    .description('End a drill at once, everywhere, whoever drives it.')
    .examples(['isthmus drill abort 20261121-090000-1f3a', 'every gateway lets go'])
    .action(async (id: string) => {
      const admin = await cli.admin();
      const path = `/v1/drills/${encodeURIComponent(id)}/abort`;
      const aborted = await admin.send<Drill>('POST', path, {});
      cli.print(aborted, () => printable(`drill ${id} is being ended`));
    });
  reportVerbs(drill, cli);
  scheduleVerbs(drill, cli);
}

function addRun(drill: Verb, cli: Cli): void {
  const verb = drill
    .command('run')
    .addArgument(kindArgument())
    .description('Start a drill and watch it to its end. Exits 3 unless it passed.');
  specFlags(verb)
    .option(
      '--force',
      "Also when it is predicted to break guardrails, each with an --override, or gateways don't follow.",
    )
    .option('--dry-run', 'Only say what it would do.')
    .option('--detach', "Don't watch it: print its id.")
    .examples(
      ['isthmus drill run evacuate --cluster dc1 --duration 2m', 'all traffic leaves dc1'],
      ['isthmus drill run slow --link dc1,dc2 --delay 200ms --jitter 50ms', 'a slow line'],
      ['isthmus drill run fail --service api.prod --percent 5', 'one in twenty fails'],
      ['isthmus drill run lose-registry --dry-run', 'what would happen'],
      [
        'isthmus drill run fail --service api.prod --percent 50 --force --override errorRate=60%',
        'though the guardrail of 1 % will break; it ends above 60 %',
      ],
    )
    .action(run);

  async function run(kind: string | undefined, options: SpecFlags & RunOptions): Promise<void> {
    const { force, dryRun, detach, ...flags } = options;
    const spec = await drillSpec(cli, kind, flags);
    const admin = await cli.admin();
    if (dryRun) {
      const prediction = await admin.send<Prediction>('POST', '/v1/drills/predict', spec);
      cli.print(prediction, (view) => predictionText(prediction, view));
      if (prediction.breaks.length > 0) cli.exitCode = exitCodes.degraded;
      return;
    }
    const path = `/v1/drills${force ? '?force=true' : ''}`;
    const started = await admin.send<Drill>('POST', path, spec);
    if (detach) {
      cli.print(started, () => printable(started.id));
      return;
    }
    cli.note(
      printable(`drill ${started.id}: ${started.spec.kind} ${scopeText(started.spec.scope)}`),
    );
    cli.noteLaidOut((view) => predictionText(started.prediction, view));
    await watch(cli, started.id);
  }
}

/** Its choices are offered by completion; a near miss is answered with a suggestion. */
function kindArgument(): Argument {
  const argument = new Argument('[kind]', 'What fails.').choices(drillKinds);
  return argument.argParser((given: string) => choice('kind', given, drillKinds));
}

interface RunOptions {
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
}

async function list(cli: Cli): Promise<void> {
  const admin = await cli.admin();
  const drills = await admin.get<Items<DrillSummary>>('/v1/drills');
  const orders = await admin.get<OrdersAnswer>('/v1/orders');
  cli.print(
    { ...drills, ...orders },
    (view) => (drills.items.length === 0 ? '' : renderTable(columns, drills.items, view)),
    () => drills.items.map(({ id }) => printable(id)).join('\n'),
  );
  if (drills.items.length === 0) cli.note('No drills.');
  for (const { of, cluster, at, reason } of orders.drains) {
    cli.note(printable(`${of} is drained, by ${cluster} since ${moment(at)}${because(reason)}`));
  }
  for (const { service, to, percent: share, cluster, at, reason } of orders.failovers) {
    const what = `${percent(share)} of ${service} goes to ${to}`;
    cli.note(printable(`${what}, by ${cluster} since ${moment(at)}${because(reason)}`));
  }
}

interface OrdersAnswer {
  readonly drains: readonly Order[];
  readonly failovers: readonly (Order & {
    readonly service: string;
    readonly to: string;
    readonly percent: number;
  })[];
}

interface Order {
  readonly cluster: string;
  readonly of: string;
  readonly at: number;
  readonly reason?: string;
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

/** Prints the timeline as it grows; as JSON one entry a line. */
async function watch(cli: Cli, id: string): Promise<void> {
  const admin = await cli.admin();
  const asJson = cli.format === 'json';
  let last: DrillSummary | undefined;
  for await (const { event, data } of serverEvents(admin, timelinePath(id))) {
    if (event === 'entry') cli.io.stdout.write(`${asJson ? data : line(JSON.parse(data))}\n`);
    if (event === 'state') last = JSON.parse(data);
    if (event === 'end') break;
  }
  if (last?.outcome === 'passed') {
    cli.note(`Passed. Read it: isthmus drill report ${printable(id)}`);
    return;
  }
  cli.exitCode = exitCodes.degraded;
  const why = last?.abortedBy?.what ?? last?.refusal;
  const how = last?.outcome === 'failed' ? 'failed' : (last?.state ?? 'lost sight of');
  cli.note(printable(`Not passed: ${how}${why === undefined ? '' : ` (${why})`}`));
  if (last?.outcome === undefined) return;
  const { report } = await admin.get<Drill>(`/v1/drills/${encodeURIComponent(id)}`);
  const unmet = report?.verdict.objectives.filter(({ met }) => !met) ?? [];
  for (const { name, what } of unmet) cli.note(printable(`  ${name}: ${what}`));
  if (report) cli.note(`Read it: isthmus drill report ${printable(id)}`);
}

function timelinePath(id: string): string {
  return `/v1/drills/${encodeURIComponent(id)}/timeline`;
}

function line({ at, kind, cluster, what, value }: TimelineEntry): string {
  const where = cluster === undefined ? '' : `${cluster}: `;
  const unit = kind === 'guardrail' ? '' : ' ms';
  const measured = value === undefined ? '' : ` (${Math.round(value * 1000) / 1000}${unit})`;
  return printable(`${moment(at)}  ${kind.padEnd(10)}  ${where}${what}${measured}`);
}

function predictionText(prediction: Prediction, view: View): string {
  const rows = renderTable(predictionColumns, prediction.clusters, view);
  const breaks = prediction.breaks.map(
    ({ guardrail, what }) => `${view.paint('red', 'breaks')} ${guardrail}: ${printable(what)}`,
  );
  const notes = prediction.notes.map((note) => `note: ${printable(note)}`);
  return [rows, `counted: ${printable(prediction.concern.what)}`, ...breaks, ...notes].join('\n');
}

const predictionColumns: readonly Column<Prediction['clusters'][number]>[] = [
  { title: 'CLUSTER', cell: (c) => c.cluster },
  { title: 'SHARE NOW', cell: (c) => percent(100 * c.shareBefore), align: 'right' },
  { title: 'THEN', cell: (c) => percent(100 * c.shareAfter), align: 'right' },
  { title: 'RATE NOW', cell: (c) => `${c.before.toFixed(1)}/s`, align: 'right' },
  { title: 'THEN', cell: (c) => `${c.after.toFixed(1)}/s`, align: 'right' },
  {
    title: 'OF CAPACITY',
    cell: (c) => (c.loadAfter === undefined ? undefined : percent(100 * c.loadAfter)),
    align: 'right',
  },
];

const stateColors: Readonly<Record<DrillState, InspectColor>> = {
  pending: 'yellow',
  running: 'yellow',
  reverting: 'yellow',
  done: 'green',
  aborted: 'red',
  refused: 'red',
};

const columns: readonly Column<DrillSummary>[] = [
  { title: 'ID', cell: (d) => d.id, overlong: 'kept' },
  { title: 'KIND', cell: (d) => d.spec.kind },
  { title: 'SCOPE', cell: (d) => scopeText(d.spec.scope) },
  { title: 'STATE', cell: (d) => d.state, color: (d) => stateColors[d.state] },
  {
    title: 'OUTCOME',
    cell: (d) => d.outcome,
    color: (d) => (d.outcome === 'passed' ? 'green' : 'red'),
  },
  { title: 'DRIVER', cell: (d) => `${d.driver.cluster}/${d.driver.gateway}` },
  { title: 'CREATED', cell: (d) => moment(d.createdAt) },
  {
    title: 'WHY',
    cell: (d) => d.abortedBy?.what ?? d.refusal ?? d.spec.reason,
    wide: true,
    overlong: 'continued',
  },
];
