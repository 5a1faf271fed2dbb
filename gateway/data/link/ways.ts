/** Owns the order in which the ways to another cluster are tried, and which of them are linked to, by how each place stands now. */

/** Whom an address is for: the gateways of one network, or all. */
export type Scope = 'private' | 'public';

export type Way =
  | Place
  /** Ways to different gateways, or that somebody wants beside each other. */
  | { readonly kind: 'all'; readonly of: readonly Way[] }
  /** Ways to the same gateways: the first that leads there, and back to an earlier one as soon as that does again. */
  | { readonly kind: 'first'; readonly of: readonly Way[] }
  /** Ways to the same gateways, none better than another: who got there stays, as in RFC 8305. */
  | { readonly kind: 'race'; readonly of: readonly Way[] };

interface Place {
  readonly kind: 'place';
  /** `ip:port`, or the advertised name where that does not resolve. */
  readonly place: string;
  /** `host:port` as the other cluster says it. */
  readonly advertised: string;
  readonly scope: Scope;
}

/**
 * `new`: nobody has tried it. `trying`: it has its head start, and no verdict yet. `out`: it failed, is silent, or takes its time.
 * `up`: it leads there. `steady`: it has for a while.
 */
export type PlaceState = 'new' | 'trying' | 'out' | 'up' | 'steady';

interface Decision {
  /** Places to link to. */
  readonly wanted: ReadonlySet<string>;
  /** Places to which a link that is there stays for now. */
  readonly spare: ReadonlySet<string>;
}

/** The next way is tried once the one before it is out, and stays until one before it is steady. */
export function decideWays(way: Way, standingOf: (place: string) => PlaceState): Decision {
  const wanted = new Set<string>();
  const spare = new Set<string>();

  function go(to: Way, among: Set<string>): void {
    if (to.kind === 'place') among.add(to.place);
    else if (to.kind === 'all') for (const one of to.of) go(one, among);
    else inTurn(to.kind === 'race' ? leadersFirst(to.of) : to.of, among);
  }

  function inTurn(ways: readonly Way[], among: Set<string>): void {
    let now = among;
    for (const one of ways) {
      go(one, now);
      const standing = standingIn(one);
      if (standing === 'steady') return;
      if (standing !== 'out') now = spare;
    }
  }

  function leadersFirst(ways: readonly Way[]): readonly Way[] {
    const rank = (one: Way): number => Math.max(ranks.out, ranks[standingIn(one)]);
    return ways.toSorted((a, b) => rank(b) - rank(a));
  }

  function standingIn(to: Way): PlaceState {
    if (to.kind === 'place') return standingOf(to.place);
    const within = to.of.map(standingIn);
    return order.find((standing) => within.includes(standing)) ?? 'out';
  }

  go(way, wanted);
  return { wanted, spare };
}

/** From the best on. */
const order: readonly PlaceState[] = ['steady', 'up', 'trying', 'new', 'out'];
/** Of those in a race that have not got there none is ahead. */
const ranks: Readonly<Record<PlaceState, number>> = { out: 0, new: 0, trying: 0, up: 1, steady: 2 };

/** A place, and those that would be used in its stead if they led there. */
interface Reason extends Omit<Place, 'kind' | 'place'> {
  readonly before: readonly string[];
}

/** Why a place is linked to: by the shortest list of those before it; undefined where no way leads there any more. */
export function reasonFor(way: Way, place: string): Reason | undefined {
  if (way.kind === 'place') {
    const { advertised, scope } = way;
    return way.place === place ? { advertised, scope, before: [] } : undefined;
  }
  let best: Reason | undefined;
  const before: string[] = [];
  for (const one of way.of) {
    const found = reasonFor(one, place);
    const all = found && { ...found, before: [...before, ...found.before] };
    if (all && (best === undefined || all.before.length < best.before.length)) best = all;
    if (way.kind === 'first') before.push(...placesIn(one));
  }
  return best;
}

/** The way to an address: a name's places of both families lead to the same gateways, and IPv6 is tried first (RFC 8305, section 4). */
export function wayTo(advertised: string, scope: Scope, places: readonly string[]): Way {
  const isIPv6 = (place: string) => place.startsWith('[');
  const families = [places.filter(isIPv6), places.filter((place) => !isIPv6(place))];
  const ways = families.flatMap((family): Way[] =>
    family.length === 0
      ? []
      : [{ kind: 'all', of: family.map((place) => ({ kind: 'place', place, advertised, scope })) }],
  );
  return { kind: 'race', of: ways };
}

/** Every place that a way leads to. */
export function placesIn(way: Way): string[] {
  return way.kind === 'place' ? [way.place] : way.of.flatMap(placesIn);
}

/** Whether there is anything to decide. */
export function hasChoice(way: Way): boolean {
  if (way.kind === 'place') return false;
  return (way.kind !== 'all' && way.of.length > 1) || way.of.some(hasChoice);
}
