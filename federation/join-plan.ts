/** Owns the plan of a join: what will change, and which identities gain what. */
import { type ClusterName, type FederationName, trustDomainOf } from '../core/names.ts';
import type { Answer } from './answer.ts';
import { readCharter, writersOf } from './charter.ts';
import type { JoinToken } from './token.ts';

/** What one identity may from then on. */
interface Gain {
  /** SPIFFE IDs: `spiffe://dc2.acme/gateway/*`. */
  readonly identity: string;
  readonly gains: string;
}

export interface JoinPlan {
  readonly changes: readonly string[];
  readonly gains: readonly Gain[];
}

/** `answer` is what the cluster of the token says of its federation before the join. */
export function planOf(self: ClusterName, token: JoinToken, answer: Answer): JoinPlan {
  const { federation, cluster: via } = token;
  const others = [...answer.members.keys()].filter((cluster) => cluster !== self).sort();
  const { registry, charter } = answer;
  const known = charter && readCharter(federation, charter);
  const writers = known ? writersOf(known).filter((cluster) => cluster !== self) : [];
  const where =
    registry.kind === 'etcd'
      ? `the etcd at ${registry.endpoints.join(', ')}`
      : `the registry that ${registry.hostTrustDomain} hosts at ${registry.endpoints.join(', ')}`;
  const changes = [
    `${self} becomes a member of ${federation}: ${via} writes its record and its bundle into ${where}, and the token is used up.`,
    `${self} keeps the bundles of ${listed(others)} on disk, and its gateways make links to theirs.`,
    `From then on ${self} sends requests for services that it has no healthy copy of to members that export one.`,
  ];
  return {
    changes,
    gains: [
      {
        identity: gatewaysOf(self, federation),
        gains: `believed by ${listed(others)}: may ask for what they export, and write ${self}'s own records in the registry`,
      },
      ...others.map((cluster) => ({
        identity: gatewaysOf(cluster, federation),
        gains: [
          `believed by ${self}: may ask for what ${self} exports, and make it leave once it is dead`,
          ...(writers.includes(cluster) ? ['may write policies that hold here'] : []),
          ...(known?.founder === cluster ? ['is the founder, and says who else may'] : []),
        ].join('; '),
      })),
    ],
  };
}

function gatewaysOf(cluster: ClusterName, federation: FederationName): string {
  return `spiffe://${trustDomainOf(cluster, federation)}/gateway/*`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
