/** Owns the links to one other cluster: a few to each place that it is reached at, and how they stand together. */
import { isDeepStrictEqual } from 'node:util';
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { LinkState } from '../balance/types.ts';
import type { Call, CallHandler } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import type { HeadLimits } from '../wire/http1/limits.ts';
import { AwaitedLink } from './awaited-link.ts';
import { bestSession } from './best-session.ts';
import { type ChosenFor, ChosenWays, type UsedAddress } from './chosen-ways.ts';
import type { Dial } from './dial.ts';
import { Link, type LinkTiming } from './link.ts';
import { movedNotably } from './rtt.ts';
import type { Way } from './ways.ts';

export interface LinkStatus {
  /** `up` as soon as one link is, else `suspect` as long as one is that; `none` for a cluster that is not asked for. */
  readonly state: LinkState;
  /** Smoothed round trip of the nearest connection, in milliseconds. */
  readonly rttMs?: number | undefined;
  /** Addresses by which it is reached now, and why by those. */
  readonly used?: readonly UsedAddress[] | undefined;
}

/** One connection, for people. */
export interface LinkDetail extends Omit<LinkStatus, 'used'>, ChosenFor {
  readonly cluster: ClusterName;
  /** `ip:port`, or the advertised name where it does not resolve. */
  readonly address: string;
  /** Requests under way. */
  readonly streams: number;
  /** Octets since the connection was made. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Why it is down or suspect. */
  readonly why?: string | undefined;
}

interface ClusterLinksOptions {
  readonly cluster: ClusterName;
  readonly trustDomain: TrustDomain;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connectionsPerPlace: number;
  readonly timing: LinkTiming;
  /** Limits on heads of responses, without the fields that gateways add. */
  readonly heads: HeadLimits;
  /** Links of this gateway that are down, to whichever cluster. */
  down(): number;
  /** Whether another worker tries to reach the cluster for this one. */
  isLeft(): boolean;
  /** Whether the links are to look dead although they are not. */
  isCut(): boolean;
  /** Called when the cluster's state has changed, or its round trip has moved notably. */
  onStatus(status: LinkStatus): void;
}

const heardForMs = 1_000;

const none: LinkStatus = { state: 'none' };

export class ClusterLinks {
  readonly trustDomain: TrustDomain;
  readonly #options: ClusterLinksOptions;
  /** By place. */
  readonly #links = new Map<string, readonly Link[]>();
  /** Places that are linked to no longer than until there are links to others. */
  readonly #outdated = new Set<string>();
  readonly #ways: ChosenWays;
  readonly #awaited: AwaitedLink;
  /** Whether a name of the cluster was never looked up. */
  #isPending = false;
  #isClosed = false;
  /** Before this a connection from the cluster hurries nothing; monotonic milliseconds. */
  #heardUntil = 0;
  #told: LinkStatus = none;
  #used: readonly UsedAddress[] = [];

  constructor(options: ClusterLinksOptions) {
    this.#options = options;
    this.trustDomain = options.trustDomain;
    this.#ways = new ChosenWays({
      clock: options.clock,
      states: (place) => (this.#links.get(place) ?? []).map(({ state }) => state),
      onDue: () => this.#choose(),
    });
    const { cluster, clock } = options;
    this.#awaited = new AwaitedLink({ cluster, clock, best: () => bestSession(this.#links) });
    this.#awaited.lost();
  }

  /** The cluster's state is that of its best link. */
  get status(): LinkStatus {
    if (this.#isClosed) return none;
    let state: LinkState = this.#isPending ? 'connecting' : 'down';
    let rttMs: number | undefined;
    for (const link of this.#all()) {
      if (nearer[link.state] > nearer[state]) state = link.state;
      const ofLink = link.session?.rttMs;
      if (ofLink !== undefined) rttMs = Math.min(rttMs ?? Infinity, ofLink);
    }
    return { state, rttMs, used: this.#used };
  }

  /** How many links are down. */
  get down(): number {
    let down = 0;
    for (const { state } of this.#all()) if (state === 'down') down++;
    return down;
  }

  details(): LinkDetail[] {
    return Array.from(this.#all(), (link) => ({
      ...detailOf(this.#options.cluster, link),
      ...this.#ways.reasonFor(link.address),
    }));
  }

  /** Sends a request over the link that costs least now, of those that stand best; where the last was lost just now, over the next. */
  call(request: OutgoingRequest, handler: CallHandler): Call {
    return bestSession(this.#links)?.call(request, handler) ?? this.#awaited.call(request, handler);
  }

  /**
   * Links to the places that `way` leads to. What stays is not touched; a place that it does not lead to any more is let go of once
   * a link to another one is up. `isPending`: a name of the cluster was never looked up.
   */
  reach(way: Way, isPending: boolean): void {
    this.#isPending = isPending;
    this.#ways.set(way);
    this.#choose();
  }

  /** Every connection is made anew, and the old one let go only then. */
  refresh(): void {
    for (const link of this.#all()) link.refresh();
  }

  /** There is a sign of life from the cluster: its links wait no longer before they connect. Returns whether any waited. */
  hurry(): boolean {
    let waited = false;
    for (const link of this.#all()) waited = link.hurry() || waited;
    return waited;
  }

  /**
   * A gateway of the cluster has connected to us, which hurries its links, and not again within a second: gateways that accept each
   * other's connections and can't use their own would else hurry one another without rest. Returns whether any waited.
   */
  heard(): boolean {
    const now = this.#options.clock.monotonic();
    if (now < this.#heardUntil || !this.hurry()) return false;
    this.#heardUntil = now + heardForMs;
    return true;
  }

  /** Lets go of every link; requests under way have `limitMs` to finish, 0 = none. */
  close(limitMs: number): void {
    this.#awaited.close();
    this.#ways.close();
    for (const link of this.#all()) link.close(limitMs);
    this.#links.clear();
    this.#outdated.clear();
    this.#isClosed = true;
  }

  /** The same for a cluster that is none any more: that is told. */
  leave(limitMs: number): void {
    this.#isClosed = true;
    this.close(limitMs);
    this.#tell();
  }

  *#all(): Iterable<Link> {
    for (const links of this.#links.values()) yield* links;
  }

  /** Links to the places that are chosen as things stand. */
  #choose(): void {
    const links = this.#links;
    const { wanted, spare } = this.#ways.decide();
    this.#outdated.clear();
    for (const place of links.keys()) {
      if (!wanted.has(place) && !spare.has(place)) this.#outdated.add(place);
    }
    for (const place of wanted) if (!links.has(place)) links.set(place, this.#open(place));
    this.#letGo();
    this.#ways.wait();
    this.#note();
    this.#tell();
  }

  /** Closes links to places that are outdated, once others are up; those that are down at once. */
  #letGo(): void {
    const links = this.#links;
    const outdated = this.#outdated;
    if (outdated.size === 0) return;
    const isUp = (place: string) => links.get(place)?.some(({ state }) => state === 'up') ?? false;
    const isConnected = (place: string) => links.get(place)?.some((link) => link.session) ?? false;
    const isReplaced =
      !this.#isPending &&
      (outdated.size === links.size ||
        links.keys().some((place) => !outdated.has(place) && isUp(place)));
    for (const place of [...outdated]) {
      if (!isReplaced && isConnected(place)) continue;
      const closing = links.get(place) ?? [];
      links.delete(place);
      outdated.delete(place);
      for (const link of closing) link.close(this.#options.timing.drainMs);
    }
  }

  #open(place: string): readonly Link[] {
    const { dial, clock, random, timing, heads, down, isLeft, isCut } = this.#options;
    const { trustDomain } = this;
    return Array.from({ length: this.#options.connectionsPerPlace }, () => {
      let was: string | undefined;
      const link: Link = new Link({
        address: place,
        trustDomain,
        dial,
        clock,
        random,
        timing,
        heads,
        down,
        isLed: () => {
          const leader = this.#links.get(place)?.[0];
          const isLeader = leader === undefined || leader === link || leader.state !== 'down';
          return !isLeader || isLeft();
        },
        isCut,
        onChange: () => {
          const { state, why } = link;
          const isNew = was !== `${state} ${why}`;
          was = `${state} ${why}`;
          this.#changed(link, isNew);
        },
        onForsaken: () => this.#offerOthers(place),
      });
      return link;
    });
  }

  /** `isNew`: its state or the reason for that has changed, and not only its round trip. */
  #changed(link: Link, isNew: boolean): void {
    const { cluster, log } = this.#options;
    const { address, state, why } = link;
    if (isNew) log.info({ cluster, address, state, why }, 'link changed');
    if (isNew && this.#ways.hasChoice) this.#choose();
    else if (this.#outdated.size > 0 && state === 'up') this.#letGo();
    if (isNew) this.#note();
    // Where one gets through the others do.
    if (isNew && state === 'up') this.hurry();
    const isDoubted = isNew && state === 'suspect';
    // It is the place that is silent, most often, and not one connection to it.
    if (isDoubted) for (const other of this.#links.get(address) ?? []) other.session?.doubt();
    this.#tell();
  }

  /** Requests on connections to a place that is silent may go elsewhere; decisions leave it out by now. */
  #offerOthers(place: string): void {
    for (const { session } of this.#links.get(place) ?? []) {
      if (session?.isSuspect) session.offerOthers();
    }
  }

  /** Notes by which addresses the cluster is reached. */
  #note(): void {
    const used = [...this.#links].flatMap(([address, links]) =>
      links.some((link) => link.session) ? { address, ...this.#ways.reasonFor(address) } : [],
    );
    if (!isDeepStrictEqual(used, this.#used)) this.#used = used;
  }

  #tell(): void {
    const { status } = this;
    const told = this.#told;
    const isAsTold = status.state === told.state && status.used === told.used;
    if (isAsTold && !movedNotably(told.rttMs, status.rttMs)) return;
    this.#told = status;
    this.#options.onStatus(status);
    const [was, is] = [
      nearer[told.state] >= nearer.suspect,
      nearer[status.state] >= nearer.suspect,
    ];
    if (was && !is && !this.#isClosed) this.#awaited.lost();
    else if (is && !was) this.#awaited.found();
  }
}

/** How near a link in that state is to being used. */
const nearer: Readonly<Record<LinkState, number>> = {
  none: 0,
  down: 1,
  connecting: 2,
  suspect: 3,
  up: 4,
};

function detailOf(cluster: ClusterName, { address, state, session, why }: Link): LinkDetail {
  const { rttMs, streams = 0, sentBytes = 0, receivedBytes = 0 } = session ?? {};
  return { cluster, address, state, rttMs, streams, sentBytes, receivedBytes, why };
}
