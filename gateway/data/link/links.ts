/** Owns the links to all other clusters: which there should be, how each cluster is reached, and the best one for a request. */
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName } from '../../../core/names.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import type { LinkState } from '../balance/types.ts';
import type { Call, CallHandler, ClusterTransport } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import { FailedCall } from '../upstream/failed-call.ts';
import type { HeadLimits } from '../wire/http1/limits.ts';
import { linkOptions } from '../wire/http2/options.ts';
import type { Dial } from './dial.ts';
import { defaultLinkTiming, Link, type LinkTiming } from './link.ts';
import { Places, type Resolve } from './places.ts';
import { movedNotably } from './rtt.ts';
import type { LinkSession } from './session.ts';

/** Another cluster, as it should be linked to. */
export interface RemoteGateways {
  readonly cluster: ClusterName;
  readonly trustDomain: TrustDomain;
  /** East-west addresses of its gateways, `host:port`; a name stands for every address that it has. */
  readonly addresses: readonly string[];
}

export interface LinkStatus {
  /** `up` as soon as one link is, else `suspect` as long as one is that; `none` for a cluster that is not asked for. */
  readonly state: LinkState;
  /** Smoothed round trip of the nearest connection, in milliseconds. */
  readonly rttMs?: number | undefined;
}

/** One connection, for people. */
export interface LinkDetail extends LinkStatus {
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

interface LinksOptions {
  readonly dial: Dial;
  /** Resolves advertised names. */
  readonly resolve: Resolve;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Connections to each address; default 2, so that losing one leaves one. */
  readonly connectionsPerAddress?: number | undefined;
  readonly timing?: Partial<LinkTiming> | undefined;
  /** Limits on heads of responses, without the fields that gateways add; default those of `linkOptions`. */
  readonly heads?: HeadLimits | undefined;
  /** Whether links to a cluster are to look dead although they are not; default never. Asked at each of their probes. */
  readonly isCut?: ((cluster: ClusterName) => boolean) | undefined;
}

type LinkSubscriber = (cluster: ClusterName, status: LinkStatus) => void;

interface ClusterLinks {
  readonly trustDomain: TrustDomain;
  /** By place. */
  readonly links: Map<string, readonly Link[]>;
  /** Places that are linked to no longer than until there are links to others. */
  readonly outdated: Set<string>;
  /** Whether a name of it was never looked up. */
  isPending: boolean;
  /** Before this a connection from there hurries nothing; monotonic milliseconds. */
  heardUntil: number;
  told: LinkStatus;
}

const heardForMs = 1_000;

/** Requests that share a connection before the next one to the same address is used. */
const sharedStreams = 128;

export class Links implements ClusterTransport {
  readonly #options: LinksOptions;
  readonly #timing: LinkTiming;
  readonly #clusters = new Map<ClusterName, ClusterLinks>();
  readonly #places: Places;
  #remotes: readonly RemoteGateways[] = [];
  /** Clusters that another worker tries to reach for this one. */
  #left: ReadonlySet<ClusterName> = new Set();
  readonly #subscribers = new Subscribers<[cluster: ClusterName, status: LinkStatus]>();

  constructor(options: LinksOptions) {
    this.#options = options;
    this.#timing = { ...defaultLinkTiming, ...options.timing };
    const { resolve, clock } = options;
    const onChange = () => this.#reconcileAll();
    this.#places = new Places({ resolve, clock, onChange });
  }

  /**
   * Makes the links be to exactly these clusters and addresses, and to every address that their names have. What stays is not
   * touched; an address that a cluster has no more is let go of once a link to one that it has is up.
   */
  update(remotes: readonly RemoteGateways[]): void {
    const wanted = new Map(remotes.map((remote) => [remote.cluster, remote]));
    for (const [cluster, entry] of this.#clusters) {
      if (wanted.get(cluster)?.trustDomain === entry.trustDomain) continue;
      this.#clusters.delete(cluster);
      closeAll(entry, this.#timing.drainMs);
      this.#tell(cluster, entry);
    }
    this.#remotes = remotes;
    this.#places.follow(remotes.flatMap(({ addresses }) => addresses));
    this.#reconcileAll();
  }

  state(cluster: ClusterName): LinkStatus {
    const entry = this.#clusters.get(cluster);
    return entry === undefined ? { state: 'none' } : statusOf(entry);
  }

  /** Every connection to a cluster, or to all of them. */
  details(only?: ClusterName | undefined): readonly LinkDetail[] {
    return [...this.#clusters].flatMap(([cluster, entry]) =>
      only === undefined || only === cluster
        ? Array.from(linksOf(entry), (link) => detailOf(cluster, link))
        : [],
    );
  }

  /**
   * Calls `subscriber` when a cluster's state changes or its round trip moves by over 20 % and a millisecond.
   * Returns a function that stops that.
   */
  onChange(subscriber: LinkSubscriber): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Sends a request to a cluster, over the link that costs least now; over one that is suspect only where no other is there. */
  call(cluster: ClusterName, request: OutgoingRequest, handler: CallHandler): Call {
    const entry = this.#clusters.get(cluster);
    const session = entry && (bestOf(entry, false) ?? bestOf(entry, true));
    if (session !== undefined) return session.call(request, handler);
    const what = `No link to ${cluster} is up`;
    return new FailedCall(handler, { sent: 'no', code: 'NO_HEALTHY_ENDPOINT', what });
  }

  /** Every connection, or every one to `cluster`, is made anew, and the old ones let go only then. */
  refresh(cluster?: ClusterName): void {
    for (const [name, entry] of this.#clusters) {
      if (cluster !== undefined && name !== cluster) continue;
      for (const link of linksOf(entry)) link.refresh();
    }
  }

  /** Another worker tries to reach exactly these clusters for this one: links to them that are down wait until they are hurried. */
  leave(clusters: Iterable<ClusterName>): void {
    const before = this.#left;
    this.#left = new Set(clusters);
    for (const cluster of before) if (!this.#left.has(cluster)) this.hurry(cluster);
  }

  /**
   * A gateway of the cluster has connected to us: links to it wait no longer before they connect. Not again within a second: gateways that
   * accept each other's connections and can't use their own would else hurry one another without rest. Returns whether any waited.
   */
  heard(cluster: ClusterName): boolean {
    const entry = this.#clusters.get(cluster);
    const now = this.#options.clock.monotonic();
    if (entry === undefined || now < entry.heardUntil || !this.hurry(cluster)) return false;
    entry.heardUntil = now + heardForMs;
    return true;
  }

  /** There is a sign of life from the cluster: links to it wait no longer before they connect. Returns whether any waited. */
  hurry(cluster: ClusterName): boolean {
    const entry = this.#clusters.get(cluster);
    let waited = false;
    if (entry) for (const link of linksOf(entry)) waited = link.hurry() || waited;
    return waited;
  }

  /** Lets go of every link; requests under way have `limitMs` to finish, 0 = none. */
  close(limitMs = 0): void {
    this.#places.close();
    for (const entry of this.#clusters.values()) closeAll(entry, limitMs);
    this.#clusters.clear();
  }

  #reconcileAll(): void {
    for (const remote of this.#remotes) this.#reconcile(remote);
  }

  #reconcile({ cluster, trustDomain, addresses }: RemoteGateways): void {
    let entry = this.#clusters.get(cluster);
    if (entry === undefined) {
      const told = { state: 'none' } as const;
      entry = {
        trustDomain,
        links: new Map(),
        outdated: new Set(),
        isPending: false,
        heardUntil: 0,
        told,
      };
      this.#clusters.set(cluster, entry);
    }
    const { links, outdated } = entry;
    const places = addresses.map((address) => this.#places.of(address));
    entry.isPending = places.includes(undefined);
    const wanted = new Set(places.flatMap((found) => found ?? []));
    outdated.clear();
    for (const place of links.keys()) if (!wanted.has(place)) outdated.add(place);
    for (const place of wanted) {
      if (!links.has(place)) links.set(place, this.#open(cluster, entry, place));
    }
    this.#letGo(entry);
    this.#tell(cluster, entry);
  }

  /** Closes links to places that are outdated, once others are up; those that are down at once. */
  #letGo({ links, outdated, isPending }: ClusterLinks): void {
    if (outdated.size === 0) return;
    const isUp = (place: string) => links.get(place)?.some(({ state }) => state === 'up') ?? false;
    const isConnected = (place: string) => links.get(place)?.some((link) => link.session) ?? false;
    const isReplaced =
      !isPending &&
      (outdated.size === links.size ||
        links.keys().some((place) => !outdated.has(place) && isUp(place)));
    for (const place of [...outdated]) {
      if (!isReplaced && isConnected(place)) continue;
      const closing = links.get(place) ?? [];
      links.delete(place);
      outdated.delete(place);
      for (const link of closing) link.close(this.#timing.drainMs);
    }
  }

  #open(cluster: ClusterName, entry: ClusterLinks, address: string): readonly Link[] {
    const { dial, clock, random, log, connectionsPerAddress = 2 } = this.#options;
    const { isCut = () => false, heads = linkOptions } = this.#options;
    return Array.from({ length: connectionsPerAddress }, () => {
      let was: string | undefined;
      const link: Link = new Link({
        address,
        trustDomain: entry.trustDomain,
        dial,
        clock,
        random,
        timing: this.#timing,
        heads,
        down: () => this.#down(),
        isLed: () => {
          const leader = entry.links.get(address)?.[0];
          const isLeader = leader === undefined || leader === link || leader.state !== 'down';
          return !isLeader || this.#left.has(cluster);
        },
        isCut: () => isCut(cluster),
        onChange: () => {
          const { state, why } = link;
          const isNew = was !== `${state} ${why}`;
          was = `${state} ${why}`;
          if (isNew) log.info({ cluster, address, state, why }, 'link changed');
          if (entry.outdated.size > 0 && state === 'up') this.#letGo(entry);
          // Where one gets through the others do.
          if (isNew && state === 'up') for (const other of linksOf(entry)) other.hurry();
          const isDoubted = isNew && state === 'suspect';
          // It is the place that is silent, most often, and not one connection to it.
          if (isDoubted) for (const other of entry.links.get(address) ?? []) other.session?.doubt();
          this.#tell(cluster, entry);
          // Decisions leave it out by now.
          if (isDoubted) link.session?.offerOthers();
        },
      });
      return link;
    });
  }

  #down(): number {
    let down = 0;
    for (const entry of this.#clusters.values()) {
      for (const { state } of linksOf(entry)) if (state === 'down') down++;
    }
    return down;
  }

  #tell(cluster: ClusterName, entry: ClusterLinks): void {
    const status =
      this.#clusters.get(cluster) === entry ? statusOf(entry) : { state: 'none' as const };
    const { told } = entry;
    if (status.state === told.state && !movedNotably(told.rttMs, status.rttMs)) return;
    entry.told = status;
    this.#subscribers.tell(cluster, status);
  }
}

function* linksOf(entry: ClusterLinks): Iterable<Link> {
  for (const links of entry.links.values()) yield* links;
}

function closeAll(entry: ClusterLinks, limitMs: number): void {
  for (const link of linksOf(entry)) link.close(limitMs);
  entry.links.clear();
  entry.outdated.clear();
}

function statusOf(entry: ClusterLinks): LinkStatus {
  let state: LinkState = entry.isPending ? 'connecting' : 'down';
  let rttMs: number | undefined;
  for (const link of linksOf(entry)) {
    if (nearer[link.state] > nearer[state]) state = link.state;
    const ofLink = link.session?.rttMs;
    if (ofLink !== undefined) rttMs = Math.min(rttMs ?? Infinity, ofLink);
  }
  return { state, rttMs };
}

/** A cluster's state is that of its best link: the highest of these. */
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

/** Among the links that are suspect, or that are not: the session with the least product of round trip and requests it would then carry. */
function bestOf(entry: ClusterLinks, isSuspect: boolean): LinkSession | undefined {
  let best: LinkSession | undefined;
  let least = Infinity;
  for (const links of entry.links.values()) {
    const session = firstWithRoom(links, isSuspect);
    if (session === undefined) continue;
    const cost = Math.max(session.rttMs ?? 1, 0.1) * (session.streams + 1);
    if (cost < least) {
      best = session;
      least = cost;
    }
  }
  return best;
}

/**
 * The first connection to an address as long as it carries little: requests of one turn then leave, and their answers
 * come, in half as many records and system calls. Beyond that the one that carries least.
 */
function firstWithRoom(links: readonly Link[], isSuspect: boolean): LinkSession | undefined {
  let best: LinkSession | undefined;
  for (let i = 0; i < links.length; i++) {
    const session = links[i]?.session;
    if (!session?.usable || session.isSuspect !== isSuspect) continue;
    if (session.streams < sharedStreams) return session;
    if (best === undefined || session.streams < best.streams) best = session;
  }
  return best;
}
