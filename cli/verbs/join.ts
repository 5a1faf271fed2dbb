/** Owns `isthmus join`: shows what joining changes, asks, and joins. */
import type { InspectColor } from 'node:util';
import { refuseBy } from '../../federation/preflight.ts';
import type { JoinResult } from '../../gateway/control/api/answers.ts';
import { joinTimeoutMs } from '../admin-client.ts';
import type { Cli } from '../cli.ts';
import { confirm, requireAnswer } from '../confirm.ts';
import { joinWhenNeeded } from '../join-when-needed.ts';
import { readToken } from '../secret.ts';
import { type Column, renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';

type Line = JoinResult['lines'][number];

interface Options {
  readonly tokenFile?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly whenNeeded?: boolean;
  readonly sibling?: readonly string[];
}

export function joinVerb(program: Verb, cli: Cli): void {
  program
    .command('join')
    .argument(
      '[token]',
      'The token, or - for standard input. On the command line others can see it.',
    )
    .description("Join this gateway's cluster to a federation.")
    .option(
      '--token-file <file>',
      'Read the token from a file; - is standard input. [$ISTHMUS_TOKEN]',
    )
    .option('-y, --yes', 'Go ahead without asking.')
    .option('--dry-run', 'Only look, and show what would change: the token stays good.')
    .option(
      '--when-needed',
      'Wait until the gateway answers, and join unless it is a member: for whatever starts it. Does not ask.',
    )
    .option(
      '--sibling <address...>',
      'With --when-needed: admin addresses of gateways of this cluster, one of which admits it. They come before the token.',
    )
    .examples(
      ['isthmus join --token-file token', 'show what changes, ask, join'],
      ['isthmus join --token-file token --dry-run', 'show what would change'],
      ['ssh dc1 isthmus token create | isthmus join - --yes', 'in one line, unattended'],
      [
        'isthmus join --when-needed --sibling https://gateway-1:7001 --token-file token',
        'at every start',
      ],
    )
    .action((argument: string | undefined, options: Options) =>
      options.whenNeeded
        ? joinWhenNeeded(cli, { argument, file: options.tokenFile }, options.sibling ?? [])
        : join(cli, argument, options),
    );
}

async function join(cli: Cli, argument: string | undefined, options: Options): Promise<void> {
  if (options.dryRun !== true) requireAnswer(cli, options.yes, 'isthmus join');
  const token = await readToken(cli, { argument, file: options.tokenFile });
  const admin = await cli.admin();
  const path = '/v1/federation/join';
  const plan = await admin.send<JoinResult>(
    'POST',
    path,
    { token, dryRun: true },
    {},
    joinTimeoutMs,
  );
  if (options.dryRun === true) cli.print(plan, (view) => layout(plan, view));
  else cli.noteLaidOut((view) => layout(plan, view));
  refuseBy(plan.lines);
  if (options.dryRun === true) return;
  if (!(await confirm(cli, options.yes, `Join ${printable(plan.federation)}?`))) return;
  const result = await admin.send<JoinResult>('POST', path, { token }, {}, joinTimeoutMs);
  cli.print(result, () => `joined ${printable(result.federation)} via ${printable(result.via)}`);
}

function layout(plan: JoinResult, view: View): string {
  const { clusters } = plan.adds;
  const sections = [
    [
      `Joining ${printable(plan.federation)} via ${printable(plan.via)}.`,
      `Its bundle's fingerprint is ${printable(plan.fingerprint)}, as the token says.`,
    ],
    ['Looked at:', ...plan.lines.map((line) => lineText(line, view))],
    ['What will change:', ...plan.changes.map((change) => `  ${printable(change)}`)],
    ['Who gains what:', renderTable(gainColumns, plan.gains, view)],
    clusters.length === 0
      ? []
      : [
          'This cluster will trust these and they will trust it:',
          renderTable(clusterColumns, clusters, view),
        ],
  ];
  return sections.flatMap((lines) => (lines.length === 0 ? [] : lines.join('\n'))).join('\n\n');
}

const marks: Record<Line['outcome'], readonly [mark: string, color: InspectColor]> = {
  ok: ['ok     ', 'green'],
  warning: ['warning', 'yellow'],
  refused: ['refused', 'red'],
};

function lineText({ outcome, subject, what, fix }: Line, view: View): string {
  const [mark, color] = marks[outcome];
  const advice = fix === undefined ? '' : `\n           fix: ${printable(fix)}`;
  return `  ${view.paint(color, mark)}  ${printable(subject)}: ${printable(what)}${advice}`;
}

const gainColumns: readonly Column<JoinResult['gains'][number]>[] = [
  { title: 'IDENTITY', cell: (g) => g.identity, overlong: 'kept' },
  { title: 'GAINS', cell: (g) => g.gains, overlong: 'kept' },
];

const clusterColumns: readonly Column<JoinResult['adds']['clusters'][number]>[] = [
  { title: 'CLUSTER', cell: (c) => c.cluster },
  { title: 'REGION', cell: (c) => c.region },
  /** To be compared, letter by letter. */
  { title: 'FINGERPRINT', cell: (c) => c.fingerprint, overlong: 'kept' },
];
