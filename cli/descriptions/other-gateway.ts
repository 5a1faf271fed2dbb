/** Owns the description of a gateway that is not the one asked: what it says of itself in the registry, and what happened to it. */
import type { GatewayItem } from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import { gatewayKind } from '../kinds.ts';
import { when } from '../sections.ts';
import { renderTable } from '../table.ts';
import { linkColumns, mentions } from './cluster.ts';
import { type Findings, relatedEvents } from './description.ts';

export async function describeOtherGateway(
  admin: AdminClient,
  gateway: GatewayItem,
): Promise<Findings> {
  const { cluster, id, links } = gateway;
  const { events, section } = await relatedEvents(
    admin,
    ({ cluster: of, what }) => of === cluster && mentions(what, id),
  );
  return {
    data: { gateway, events },
    fields: [
      ['gateway', gatewayKind.nameOf(gateway)],
      ['state', stateText(gateway)],
      ['zone', gateway.zone],
      ['version', gateway.version],
      ['started', when(gateway.startedAt)],
      ['east-west', gateway.eastWest.join(', ') || undefined],
      ['federation', gateway.federation.join(', ') || undefined],
      ['network', gateway.private?.network],
      ['in it', privateText(gateway)],
    ],
    sections: [
      {
        title: 'Links to other clusters, as it tells',
        body: (view) => (links.length === 0 ? '' : renderTable(linkColumns, links, view)),
        none: 'none told',
      },
      section,
    ],
  };
}

function privateText({ private: near }: GatewayItem): string | undefined {
  if (near === undefined) return undefined;
  return [...near.eastWest, ...near.federation].join(', ');
}

function stateText({ state, lostSince }: GatewayItem): string {
  if (state === 'lost')
    return `lost since ${when(lostSince)}: it is not in the registry any more, and did not say that it ends`;
  return state === 'ending' ? 'ending: it said so' : 'alive, as the registry has it';
}
