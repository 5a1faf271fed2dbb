/** Owns `isthmus verify`: each cluster against each other one, in a table of N x N, and what is not as it should be. */
import type { InspectColor } from 'node:util';
import type { Matrix } from '../../gateway/control/api/answers.ts';
import type { Outcome } from '../../gateway/control/verify/row.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { type Column, renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { moment, rtt } from '../words.ts';

interface VerifyOptions {
  readonly bandwidth?: boolean;
  readonly services: boolean;
  readonly last?: boolean;
}

/** Rows are asked for one after the other where bandwidth is measured, with up to 8 s for each cell. */
const timeoutMs = 30_000;
const bandwidthTimeoutMs = 600_000;

export function verifyVerb(program: Verb, cli: Cli): void {
  program
    .command('verify')
    .description(
      'Verify each cluster against each other one: path, identity, latency, clock, policies, a service. Exits 3 on warnings and on what is unknown, 1 on failures.',
    )
    .option('--bandwidth', 'Have each gateway send 4 MiB to each other cluster, one by one.')
    .option('--no-services', 'Send no HEAD request to a service of each cluster.')
    .option('--last', 'Show what was found on the schedule last, and look at nothing now.')
    .examples(
      ['isthmus verify', 'a table of all pairs, and below it what is not well'],
      ['isthmus verify -o wide', 'with all that was found'],
      ['isthmus verify --bandwidth', 'with the bandwidth from each cluster to each other'],
      ['isthmus verify -o json', 'for a script'],
    )
    .action(async ({ bandwidth = false, services, last = false }: VerifyOptions) => {
      const admin = await cli.admin(bandwidth ? bandwidthTimeoutMs : timeoutMs);
      const matrix = last
        ? await admin.get<Matrix>('/v1/verify')
        : await admin.send<Matrix>('POST', '/v1/verify', { services, bandwidth });
      cli.print(matrix, (view) => layout(matrix, view));
      cli.exitCode = exitOf(matrix.pairs.map(({ outcome }) => outcome));
    });
}

function exitOf(all: readonly Outcome[]): number {
  if (all.includes('failed')) return exitCodes.failed;
  return all.every((one) => one === 'ok') ? exitCodes.ok : exitCodes.degraded;
}

const words: Record<Outcome, readonly [word: string, color: InspectColor]> = {
  ok: ['ok', 'green'],
  warning: ['warn', 'yellow'],
  unknown: ['?', 'yellow'],
  failed: ['FAIL', 'red'],
};

function layout(matrix: Matrix, view: View): string {
  const { clusters, pairs, unheard } = matrix;
  if (pairs.length === 0) return 'There is no other cluster.';
  const columns: Column<string>[] = [
    { title: 'FROM \\ TO', cell: (from) => from },
    ...clusters.map(
      (to): Column<string> => ({ title: to, cell: (from) => word(matrix, from, to) }),
    ),
  ];
  const sections = [renderTable(columns, clusters, view)];
  const lines = [
    ...pairs.flatMap((pair) => linesOf(pair, view)),
    ...unheard.map((one) => line('unknown', `What ${printable(one)} sees was not heard`, view)),
  ];
  if (lines.length > 0) sections.push(lines.join('\n'));
  return [...sections, summary(matrix)].join('\n\n');
}

function word({ pairs }: Matrix, from: string, to: string): string {
  const pair = pairs.find((one) => one.from === from && one.to === to);
  if (pair === undefined) return '';
  const [said] = words[pair.outcome];
  return [said, rtt(pair.rttMs)].filter((part) => part !== undefined).join(' ');
}

function linesOf(pair: Matrix['pairs'][number], view: View): string[] {
  const { from, to, outcome, why, seen } = pair;
  const way = `${printable(from)} -> ${printable(to)}`;
  if (why !== undefined) return [line(outcome, `${way}: ${printable(why)}${sinceOf(pair)}`, view)];
  return seen.flatMap(({ gateway, findings, since }) =>
    findings
      .filter((one) => view.wide || isTold(one, findings))
      .map(({ subject, outcome: found, what }) => {
        const text = `${way}, ${printable(gateway)}, ${subject}: ${printable(what)}`;
        return line(found, `${text}${found === 'failed' ? sinceOf({ since }) : ''}`, view);
      }),
  );
}

type Finding = Matrix['pairs'][number]['seen'][number]['findings'][number];

/** A bandwidth is a figure that was asked for, and has no place in the table; of who can't be reached the rest is unknown anyway. */
function isTold({ subject, outcome }: Finding, all: readonly Finding[]): boolean {
  if (subject === 'bandwidth' || outcome === 'failed' || outcome === 'warning') return true;
  return outcome === 'unknown' && !all.some((one) => one.outcome === 'failed');
}

function sinceOf({ since }: { readonly since?: number | undefined }): string {
  return since === undefined ? '' : ` (since ${moment(since)})`;
}

function line(outcome: Outcome, text: string, view: View): string {
  const [said, color] = words[outcome];
  return `${view.paint(color, said.padEnd(4))}  ${text}`;
}

function summary({ by, at, pairs }: Matrix): string {
  const count = (outcome: Outcome) => pairs.filter((pair) => pair.outcome === outcome).length;
  const counts = `${count('ok')} ok, ${count('warning')} in part, ${count('failed')} failed, ${count('unknown')} unknown`;
  return `${pairs.length} pairs: ${counts}; put together by ${printable(by)} at ${moment(at)}`;
}
