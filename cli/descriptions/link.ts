/** Owns the description of the way between two clusters: each direction as its own end tells it, and what happened to it. */
import { IsthmusError } from '../../core/errors.ts';
import type { ClusterItem } from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import { clusterKind } from '../kinds.ts';
import { one } from '../listing.ts';
import { rtt } from '../words.ts';
import { mentions } from './cluster.ts';
import { doubt, type Findings, relatedEvents } from './description.ts';

export async function describeLink(
  admin: AdminClient,
  from: string,
  to: string,
): Promise<Findings> {
  if (from === to) {
    throw new IsthmusError('USAGE', {
      what: 'A link is between two clusters',
      fix: 'Name both, as in `isthmus describe link dc1 dc2`.',
    });
  }
  const a = await one(admin, clusterKind, from);
  const b = await one(admin, clusterKind, to);
  const { events, section } = await relatedEvents(
    admin,
    ({ kind, cluster, what }) =>
      (kind === 'cluster-down' || kind === 'cluster-up') &&
      [from, to].some((name) => cluster === name || mentions(what, name)),
  );
  return {
    data: { from: a, to: b, events },
    fields: [
      [`${from} to ${to}`, direction(a, to)],
      [`${to} to ${from}`, direction(b, from)],
    ],
    sections: [section],
  };
}

function direction(cluster: ClusterItem, to: string): string {
  const link = cluster.links.find((one) => one.cluster === to);
  const told =
    link === undefined
      ? `${cluster.cluster} tells of none`
      : `${link.state}, round trip ${rtt(link.rttMs) ?? 'not measured'}`;
  const unknown = doubt(cluster.unknownSince);
  return unknown === undefined ? told : `unknown; last told: ${told} (${unknown})`;
}
