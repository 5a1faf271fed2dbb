/** Owns how a gateway's status is told to a person, in a dozen lines, with its problems. */
import type { Status } from '../gateway/control/api/answers.ts';
import { renderFields, type View } from './table.ts';
import { printable } from './terminal.ts';
import { counted, moment, span } from './words.ts';

/** A gateway without a registry by choice (`standalone`) is well. */
export function isDegraded({ ready, registry, problems, missing }: Status): boolean {
  const isCutOff = registry.kind === 'unavailable' || registry.stale;
  return !ready || isCutOff || problems.length + missing.length > 0;
}

export function statusText(status: Status, view: View): string {
  const color = isDegraded(status) ? 'yellow' : 'green';
  const state = isDegraded(status) && status.ready ? `${status.state}, degraded` : status.state;
  const place = `${status.region} / ${status.zone}`;
  const head = `${view.paint('bold', printable(status.cluster))} (${printable(place)}): ${view.paint(color, printable(state))}`;
  const fields: [string, string][] = [
    ['federation', `${status.federation}, ${membersText(status)}`],
    ['gateway', `${status.gateway}, version ${status.version}, up ${span(status.uptimeMs)}`],
    ['registry', registryLine(status.registry)],
    ['certificate', `${status.certificate.id}, until ${moment(status.certificate.notAfter)}`],
    ['services', `${status.services} (${counted(status.endpoints, 'endpoint')} here)`],
    ...Object.entries(status.listeners).map(([name, at]): [string, string] => [name, at]),
  ];
  const problems = [...status.problems, ...status.missing].map((problem) => {
    const where = problem.where === undefined ? '' : ` (${printable(problem.where)})`;
    const fix = problem.fix === undefined ? '' : `\n  fix: ${printable(problem.fix)}`;
    return `${view.paint('yellow', 'problem')} ${view.paint('bold', printable(problem.code))}: ${printable(problem.what)}${where}${fix}`;
  });
  return [head, renderFields(fields, view), ...problems].join('\n');
}

/** A member that knows no members yet has joined all the same. */
function membersText({ members, registry }: Status): string {
  const isAlone = members === 0 && registry.kind === 'standalone';
  return isAlone ? 'not joined' : counted(members, 'member');
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
