/** Owns at which addresses the gateways of a cluster are reached from a network: those for it come first, then those for everybody. */
import type { ClusterRecord } from './model.ts';

/** Of a gateway, or of several behind the same addresses. */
export interface ReachedAt {
  /** Those for the network in question; empty where there are none. */
  readonly private: readonly string[];
  /** Those for everybody. */
  readonly public: readonly string[];
}

/** A cluster's record, as far as it says where its gateways are reached. */
type Advertising = Pick<ClusterRecord, 'eastWest' | 'federation' | 'gateways'>;

/** Addresses of one scope that are used: another cluster's record is not to have anybody open links without end. */
const maxAddresses = 64;

/** By gateway, as far as the cluster says which has which; the rest together. */
export function gatewaysOf(
  record: Advertising,
  what: 'eastWest' | 'federation',
  network: string,
): ReachedAt[] {
  const left = new Set(record[what]);
  let room = maxAddresses;
  const own = Object.values(record.gateways ?? {}).map((part) => {
    const near = part.network === network ? (part.private?.[what] ?? []).slice(0, room) : [];
    room -= near.length;
    return {
      private: near,
      public: part[what].filter((address) => record[what].includes(address)),
    };
  });
  for (const one of own) for (const address of one.public) left.delete(address);
  return left.size === 0 ? own : [...own, { private: [], public: [...left] }];
}

/** The addresses that each gateway is reached at first. */
export function nearAddresses(
  record: Advertising,
  what: 'eastWest' | 'federation',
  network: string,
): string[] {
  const near = gatewaysOf(record, what, network).flatMap((one) =>
    one.private.length > 0 ? one.private : one.public,
  );
  return [...new Set(near)];
}
