/** Owns how a person is told what would become of a request: where it ends or goes, then step by step, then each backend. */
import type { ExplainedSample, RequestExplanation } from '../gateway/control/api/answers.ts';
import { decisionText } from './decision.ts';
import { type Column, renderTable, type View } from './table.ts';
import { printable } from './terminal.ts';
import { moment, percent } from './words.ts';

type Decision = RequestExplanation['decisions'][number];
type Backend = RequestExplanation['backends'][number];

export function requestText(explanation: RequestExplanation, view: View): string {
  const { backends, caller, decisions, notes, request } = explanation;
  const asked = printable(`${request.method} ${request.host}${request.path}`);
  const from = printable(`${caller.cluster} / ${caller.region} / ${caller.zone}`);
  return [
    `${view.paint('bold', asked)} from ${from}: ${verdict(explanation, view)}`,
    renderTable(columns, decisions, view),
    ...notesIn(notes),
    ...backends.flatMap((backend) => backendText(backend, view)),
  ].join('\n\n');
}

/** What became of a real request, and what would now. */
export function sampleText({ sampled, now }: ExplainedSample, view: View): string {
  const { at, from, host, method, outcome, path, service, withheld } = sampled;
  const { cluster, code, endpoint, ms, status } = outcome;
  const by = [endpoint, cluster && `in ${cluster}`].filter((one) => one !== undefined).join(' ');
  const answered = status === undefined ? 'no answer' : `answered ${status}`;
  const became = [
    `${answered}${by === '' ? '' : ` by ${by}`}`,
    ...(code === undefined ? [] : [code]),
    ...(service === undefined ? [] : [`for ${service}`]),
    `after ${ms} ms`,
    ...(withheld.length === 0 ? [] : [`not kept of it: ${withheld.join(', ')}`]),
  ].join('; ');
  const asked = printable(`${method} ${host}${path}`);
  const then = printable(`from ${from} at ${moment(at)}: ${became}`);
  return `${view.paint('bold', `then: ${asked}`)} ${then}\n\nnow: ${requestText(now, view)}`;
}

/** Where it ends, or that it goes on, as far as that is known. */
function verdict({ decisions, backends }: RequestExplanation, view: View): string {
  const end = decisions.find(isEnd);
  if (end !== undefined) return endText(end, view);
  const ended = backends.filter((backend) => endsOf(backend).length > 0);
  const [first] = ended;
  if (first !== undefined) {
    const [only] = endsOf(first);
    if (only !== undefined && backends.length === 1 && isWhole(first)) return endText(only, view);
    return view.paint('yellow', `may not go on to ${ended.map(nameOf).join(', ')}`);
  }
  if (backends.length === 0) return view.paint('green', 'goes on to an endpoint here');
  const goesOn = `goes on to ${backends.map(nameOf).join(', ')}`;
  const asked = [...decisions, ...backends.flatMap(servedBy)];
  return asked.some(({ outcome }) => outcome === 'unknown')
    ? view.paint('yellow', `${goesOn}, as far as is known here`)
    : view.paint('green', goesOn);
}

function servedBy({ serving }: Backend): readonly Decision[] {
  return serving.flatMap((other) => other.decisions);
}

/** Where requests for it end, here or at clusters that would serve them. */
function endsOf(backend: Backend): readonly Decision[] {
  return [...backend.decisions, ...servedBy(backend)].filter(isEnd);
}

/** Whether all requests for it end. */
function isWhole({ decisions, decision, serving }: Backend): boolean {
  if (decisions.some(isEnd)) return true;
  const places = new Set(
    decision?.candidates.filter(({ share }) => share > 0).map(({ cluster }) => cluster),
  );
  return places.size === serving.length && serving.every((other) => other.decisions.some(isEnd));
}

function isEnd({ outcome }: Decision): boolean {
  return outcome === 'refused' || outcome === 'answered';
}

function endText({ outcome, code, step }: Decision, view: View): string {
  if (outcome === 'answered') return view.paint('green', `answered here, at ${step}`);
  return view.paint('red', `refused at ${step}${code === undefined ? '' : ` with ${code}`}`);
}

function nameOf({ service, cluster, subset, port, share }: Backend): string {
  const labels = Object.entries(subset ?? {}).map(([label, value]) => `${label}=${value}`);
  const part = [cluster, ...labels].filter((one) => one !== undefined).join(' ');
  const asked = port === undefined ? service : `${port}.${service}`;
  return printable(`${asked}${part === '' ? '' : ` (${part})`} ${percent(share)}`);
}

function backendText(backend: Backend, view: View): string[] {
  const { decisions, decision, serving } = backend;
  return [
    view.paint('bold', `to ${nameOf(backend)}`),
    ...(decisions.length === 0 ? [] : [renderTable(columns, decisions, view)]),
    ...(decision === undefined ? [] : [decisionText(decision, view)]),
    ...serving.flatMap((other) => [
      view.paint('bold', `then at ${printable(other.cluster)}`),
      renderTable(columns, other.decisions, view),
      ...notesIn(other.notes),
    ]),
  ];
}

function notesIn(notes: readonly string[]): string[] {
  return notes.length === 0 ? [] : [notes.map((note) => `note: ${printable(note)}`).join('\n')];
}

const colors = { refused: 'red', answered: 'yellow', unknown: 'yellow' } as const;

const columns: readonly Column<Decision>[] = [
  { title: 'STEP', cell: (d) => d.step },
  {
    title: 'OUTCOME',
    cell: (d) => d.outcome,
    color: ({ outcome }) =>
      outcome in colors ? colors[outcome as keyof typeof colors] : undefined,
  },
  { title: 'CODE', cell: (d) => d.code, wide: true },
  { title: 'BY', cell: (d) => d.policy },
  { title: 'OF', cell: (d) => d.of },
  { title: 'SAYS', cell: (d) => d.says, overlong: 'continued' },
];
