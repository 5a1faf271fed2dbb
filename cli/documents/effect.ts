/** Owns telling what documents would make of the requests of the last minutes: how many would end otherwise and by which document, and what each cluster would be asked. */
import { asIsthmusError } from '../../core/errors.ts';
import type { PolicyEffect } from '../../gateway/control/api/answers.ts';
import { isPolicyKind } from '../../policy/kind-names.ts';
import { type PolicyDocument, type PolicyName, textOf } from '../../policy/read-documents.ts';
import type { Cli } from '../cli.ts';
import { type Column, renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import { counted, percent, span } from '../words.ts';

interface Asked {
  /** Those that would be written otherwise than they are. */
  readonly documents: readonly PolicyDocument[];
  readonly removed: readonly PolicyName[];
}

/** Undefined where that can't be told, and why is: what is compared is worth the same without it. */
export async function effectOf(
  cli: Cli,
  { documents, removed }: Asked,
): Promise<PolicyEffect | undefined> {
  const asked = {
    documents: documents.map(({ scope, kind, namespace, name, spec }) => ({
      ...{ scope, kind, namespace, name, spec },
    })),
    removed: removed.map(({ scope, kind, namespace, name }) => ({ scope, kind, namespace, name })),
  };
  try {
    const admin = await cli.admin();
    return await admin.send<PolicyEffect>('POST', '/v1/policies/effect', asked);
  } catch (thrown) {
    const { message } = asIsthmusError(thrown);
    cli.warn(`What they would make of the requests of the last minutes can't be told: ${message}`);
    return undefined;
  }
}

type Change = PolicyEffect['changes'][number];
type End = Change['to'];
type Asking = PolicyEffect['clusters'][number];

export function effectText(
  { sampled, requests, seconds, changed, changes, clusters, notes }: PolicyEffect,
  documents: readonly PolicyDocument[],
  view: View,
): string {
  const whole = requests > sampled ? `, which stand for about ${Math.round(requests)}` : '';
  const of = `${counted(sampled, 'request')} of the last ${span(seconds * 1000)}${whole}`;
  const says = changes.length === 0 ? 'none' : share(changed);
  return [
    ...(sampled === 0 ? [] : [view.paint('bold', `Of ${of}, ${says} would end otherwise`)]),
    ...(changes.length === 0 ? [] : [renderTable(changeColumns(documents), changes, view)]),
    ...(changes.length === 0 || clusters.length === 0
      ? []
      : [renderTable(clusterColumns, clusters, view)]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `note: ${printable(note)}`).join('\n')]),
  ].join('\n\n');
}

const colors = { refused: 'red', limited: 'yellow', unknown: 'yellow', served: 'green' } as const;

function changeColumns(documents: readonly PolicyDocument[]): readonly Column<Change>[] {
  const places = new Map(documents.map((one) => [textOf(one), one]));
  return [
    { title: 'SHARE', cell: (one) => share(one.share), align: 'right' },
    { title: 'SAMPLED', cell: ({ sampled }) => Math.round(sampled * 10) / 10, align: 'right' },
    {
      title: 'WOULD BE',
      cell: ({ kind }) => kind,
      color: ({ kind }) => (kind in colors ? colors[kind as keyof typeof colors] : undefined),
    },
    { title: 'NOW', cell: ({ from }) => wordsOf(from), overlong: 'continued' },
    { title: 'THEN', cell: ({ to }) => wordsOf(to), overlong: 'continued' },
    { title: 'BY', cell: ({ to, from }) => placeOf(to, places) ?? placeOf(from, places) },
  ];
}

function wordsOf({ kind, says, code }: End): string {
  if (kind === 'goes' || code === undefined) return says;
  return `${says} (${code})`;
}

/** Of a policy that a document is about: where it stands there. */
function placeOf(
  { policy, of, rule }: End,
  documents: ReadonlyMap<string, PolicyDocument>,
): string | undefined {
  if (policy === undefined) return undefined;
  const [kind = '', namespace = '', name = ''] = policy.split('/');
  const scope = of === 'federation' ? 'federation' : 'cluster';
  const document = isPolicyKind(kind)
    ? documents.get(textOf({ scope, kind, namespace, name }))
    : undefined;
  if (document === undefined) return of === 'federation' ? `${policy} of the federation` : policy;
  return document.place(rule === undefined ? undefined : ['rules', String(rule - 1)]);
}

const clusterColumns: readonly Column<Asking>[] = [
  { title: 'CLUSTER', cell: ({ cluster }) => cluster },
  { title: 'NOW', cell: ({ before }) => rate(before), align: 'right' },
  { title: 'THEN', cell: ({ after }) => rate(after), align: 'right' },
  {
    title: 'CAPACITY',
    cell: ({ capacity }) => (capacity === undefined ? 'not stated' : rate(capacity)),
    align: 'right',
  },
  { title: 'LOAD NOW', cell: ({ before, capacity }) => load(before, capacity), align: 'right' },
  {
    title: 'LOAD THEN',
    cell: ({ after, capacity }) => load(after, capacity),
    align: 'right',
    color: ({ after, capacity }) =>
      capacity !== undefined && after > capacity ? 'red' : undefined,
  },
];

function rate(perSecond: number): string {
  return `${Math.round(perSecond * 10) / 10}/s`;
}

function load(asked: number, capacity: number | undefined): string | undefined {
  return capacity === undefined ? undefined : share(asked / capacity);
}

function share(part: number): string {
  return part > 0 && part < 0.0005 ? 'under 0.1 %' : percent(part * 100);
}
