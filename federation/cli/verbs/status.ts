/** Owns `isthmus status`: how the gateway is, in a dozen lines, and exit code 3 when it is not well. */
import type { Status } from '../../../gateway/admin/answers.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { renderFields, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { counted, moment, span } from '../words.ts';

export function statusVerb(program: Verb, cli: Cli): void {
  program
    .command('status')
    .description('Show how the gateway is. Exits 3 when it is degraded.')
    .examples(
      ['isthmus status', "this machine's gateway, or the current context's"],
      ['isthmus status --context dc2', "another context's gateway"],
      ['isthmus status -o json | jq .registry', 'for a script'],
    )
    .action(async () => {
      const admin = await cli.admin();
      const status = await admin.get<Status>('/v1/status');
      cli.print(status, (view) => layout(status, view));
      if (isDegraded(status)) cli.exitCode = exitCodes.degraded;
    });
}

/** A gateway without a registry by choice (`standalone`) is well. */
function isDegraded({ ready, registry, problems }: Status): boolean {
  return !ready || registry.kind === 'unavailable' || registry.stale || problems.length > 0;
}

function layout(status: Status, view: View): string {
  const color = isDegraded(status) ? 'yellow' : 'green';
  const state = isDegraded(status) && status.ready ? `${status.state}, degraded` : status.state;
  const place = `${status.region} / ${status.zone}`;
  const head = `${view.paint('bold', printable(status.cluster))} (${printable(place)}): ${view.paint(color, printable(state))}`;
  const fields: [string, string][] = [
    ['federation', `${status.federation}, ${counted(status.members, 'member')}`],
    ['gateway', `${status.gateway}, version ${status.version}, up ${span(status.uptimeMs)}`],
    ['registry', registryLine(status.registry)],
    ['certificate', `${status.certificate.id}, until ${moment(status.certificate.notAfter)}`],
    ['services', `${status.services} (${counted(status.endpoints, 'endpoint')} here)`],
    ...Object.entries(status.listeners).map(([name, at]): [string, string] => [name, at]),
  ];
  const problems = status.problems.map((problem) => {
    const where = problem.where === undefined ? '' : ` (${printable(problem.where)})`;
    const fix = problem.fix === undefined ? '' : `\n  fix: ${printable(problem.fix)}`;
    return `${view.paint('yellow', 'problem')} ${view.paint('bold', printable(problem.code))}: ${printable(problem.what)}${where}${fix}`;
  });
  return [head, renderFields(fields, view), ...problems].join('\n');
}

function registryLine(registry: Status['registry']): string {
  const since = registry.since === undefined ? '' : ` since ${moment(registry.since)}`;
  const reason = registry.reason === undefined ? '' : `: ${registry.reason}`;
  const parts = [`${registry.kind}${since}${reason}`, `revision ${registry.revision}`];
  if (registry.stale) parts.push('stale');
  if (registry.fromCache) parts.push('from the copy on disk');
  if (registry.pendingWrites > 0) parts.push(counted(registry.pendingWrites, 'pending write'));
  return parts.join(', ');
}
