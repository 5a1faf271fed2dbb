/** Owns the description of how a cluster's trust stands: its roots, which of them signs, and who believes them. */
import type { InspectColor } from 'node:util';
import type { TrustItem } from '../../gateway/control/api/answers.ts';
import { describe, when } from '../sections.ts';
import { type Column, renderTable, type View } from '../table.ts';
import { moment, span } from '../words.ts';

type Root = TrustItem['roots'][number];
type Acknowledgement = TrustItem['acks'][number];

const rootColumns: readonly Column<Root>[] = [
  { title: 'FINGERPRINT', cell: ({ fingerprint }) => fingerprint, overlong: 'kept' },
  { title: 'SIGNS', cell: ({ signs }) => (signs ? 'yes' : 'no') },
  { title: 'FROM', cell: ({ notBefore }) => moment(notBefore) },
  { title: 'UNTIL', cell: ({ notAfter }) => moment(notAfter) },
  { title: 'LEFT', cell: ({ notAfter }) => span(Math.max(0, notAfter - Date.now())) },
  { title: 'UNDER', cell: ({ under }) => under ?? 'itself', overlong: 'continued' },
];

const stateColors: Readonly<Record<Acknowledgement['state'], InspectColor>> = {
  taken: 'green',
  behind: 'yellow',
  untold: 'yellow',
  unheard: 'red',
  offline: 'yellow',
};

const gatewayColumns: readonly Column<Acknowledgement>[] = [
  { title: 'GATEWAY', cell: ({ cluster, gateway }) => `${cluster}/${gateway}` },
  {
    title: 'BUNDLE',
    cell: ({ state }) => state,
    color: ({ state }) => stateColors[state],
  },
  { title: 'SEQUENCE', cell: ({ sequence }) => sequence ?? 'unknown', align: 'right' },
];

export function describeTrust(item: TrustItem, view: View): string {
  const { cluster, trustDomain, self, believed, sequence, phase, roots, acks, laggards } = item;
  return describe(
    [
      ['cluster', cluster],
      ['trust domain', trustDomain],
      ['believed here', self ? 'its own' : believed ? 'yes' : 'no'],
      ['sequence', believed ? String(sequence) : 'unknown'],
      ['rotation', phase],
      ['waits for', phase === 'publishing' ? laggards.join(', ') || undefined : undefined],
      ['certificate here', item.leaf && `${item.leaf.id}, until ${when(item.leaf.notAfter)}`],
      ['signed by', item.leaf?.root],
    ],
    [
      {
        title: 'Roots',
        body: (inner) => (roots.length === 0 ? '' : renderTable(rootColumns, roots, inner)),
        none: 'none is known here',
      },
      {
        title: 'Gateways, as each says in the registry',
        body: (inner) => (acks.length === 0 ? '' : renderTable(gatewayColumns, acks, inner)),
        none: 'the cluster is in no federation',
      },
    ],
    view,
  );
}
