/** Owns the links to all other clusters: which there should be, how each cluster is reached, and the best one for a request. */
import type { TrustDomain } from '../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName } from '../../core/names.ts';
import type { LinkState } from '../balance/types.ts';
import type { Call, CallHandler, ClusterTransport } from '../proxy/call.ts';
import type { OutgoingRequest } from '../proxy/message.ts';
import type { Dial } from './dial.ts';
import { FailedCall } from './failed-call.ts';
import { defaultLinkTiming, Link, type LinkTiming } from './link.ts';
import { movedNotably } from './rtt.ts';
import type { LinkSession } from './session.ts';

/** Another cluster, as it should be linked to. */
export interface RemoteGateways {
  readonly cluster: ClusterName;
  readonly trustDomain: TrustDomain;
  /** East-west addresses of its gateways, `host:port`. */
  readonly addresses: readonly string[];
}

export interface LinkStatus {
  /** `up` as soon as one link is; `none` for a cluster that is not asked for. */
  readonly state: LinkState;
  /** Smoothed round trip of the nearest link that is up, in milliseconds. */
  readonly rttMs?: number | undefined;
}

/** One connection, for people. */
export interface LinkDetail extends LinkStatus {
  readonly cluster: ClusterName;
  readonly address: string;
  /** Requests under way. */
  readonly streams: number;
  /** Octets since the connection was made. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Why it is down. */
  readonly why?: string | undefined;
}

export interface LinkPoolOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Connections to each address; default 2, so that losing one leaves one. */
  readonly connectionsPerAddress?: number | undefined;
  readonly timing?: Partial<LinkTiming> | undefined;
  /** Whether links to a cluster are to look dead although they are not; default never. Asked at each of their probes. */
  readonly isCut?: ((cluster: ClusterName) => boolean) | undefined;
}

export type LinkListener = (cluster: ClusterName, status: LinkStatus) => void;

interface Bundle {
  readonly trustDomain: TrustDomain;
  readonly links: Map<string, readonly Link[]>;
  told: LinkStatus;
}

/** Requests that share a connection before the next one to the same address is used. */
const sharedStreams = 128;

export class LinkPool implements ClusterTransport {
  readonly #options: LinkPoolOptions;
  readonly #timing: LinkTiming;
  readonly #clusters = new Map<ClusterName, Bundle>();
  readonly #listeners = new Listeners<[cluster: ClusterName, status: LinkStatus]>();

  constructor(options: LinkPoolOptions) {
    this.#options = options;
    this.#timing = { ...defaultLinkTiming, ...options.timing };
  }

  /** Makes the links be to exactly these clusters and addresses. What stays is not touched. */
  update(remotes: readonly RemoteGateways[]): void {
    const wanted = new Map(remotes.map((remote) => [remote.cluster, remote]));
    for (const [cluster, bundle] of this.#clusters) {
      if (wanted.get(cluster)?.trustDomain === bundle.trustDomain) continue;
      this.#clusters.delete(cluster);
      closeAll(bundle, this.#timing.drainMs);
      this.#tell(cluster, bundle);
    }
    for (const remote of remotes) this.#reconcile(remote);
  }

  state(cluster: ClusterName): LinkStatus {
    const bundle = this.#clusters.get(cluster);
    return bundle === undefined ? { state: 'none' } : statusOf(bundle);
  }

  /** Every connection to a cluster, or to all of them. */
  details(only?: ClusterName | undefined): readonly LinkDetail[] {
    return [...this.#clusters].flatMap(([cluster, bundle]) =>
      only === undefined || only === cluster
        ? Array.from(linksOf(bundle), (link) => detailOf(cluster, link))
        : [],
    );
  }

  /**
   * Calls `listener` when a cluster's state changes or its round trip moves by over 20 % and a millisecond.
   * Returns a function that stops that.
   */
  onChange(listener: LinkListener): () => void {
    return this.#listeners.add(listener);
  }

  /** Sends a request to a cluster, over the link that costs least now. */
  call(cluster: ClusterName, request: OutgoingRequest, handler: CallHandler): Call {
    const bundle = this.#clusters.get(cluster);
    const session = bundle && bestOf(bundle);
    if (session !== undefined) return session.call(request, handler);
    const what = `No link to ${cluster} is up`;
    return new FailedCall(handler, { sent: 'no', code: 'NO_HEALTHY_ENDPOINT', what });
  }

  /** Every connection, or every one to `cluster`, is made anew, and the old ones let go only then. */
  refresh(cluster?: ClusterName): void {
    for (const [name, bundle] of this.#clusters) {
      if (cluster !== undefined && name !== cluster) continue;
      for (const link of linksOf(bundle)) link.refresh();
    }
  }

  /** Lets go of every link; requests under way have `limitMs` to finish, 0 = none. */
  close(limitMs = 0): void {
    for (const bundle of this.#clusters.values()) closeAll(bundle, limitMs);
    this.#clusters.clear();
  }

  #reconcile({ cluster, trustDomain, addresses }: RemoteGateways): void {
    let bundle = this.#clusters.get(cluster);
    if (bundle === undefined) {
      bundle = { trustDomain, links: new Map(), told: { state: 'none' } };
      this.#clusters.set(cluster, bundle);
    }
    for (const [address, links] of bundle.links) {
      if (addresses.includes(address)) continue;
      bundle.links.delete(address);
      for (const link of links) link.close(this.#timing.drainMs);
    }
    for (const address of addresses) {
      if (!bundle.links.has(address))
        bundle.links.set(address, this.#open(cluster, bundle, address));
    }
    this.#tell(cluster, bundle);
  }

  #open(cluster: ClusterName, bundle: Bundle, address: string): readonly Link[] {
    const { dial, clock, random, log, connectionsPerAddress = 2 } = this.#options;
    const { isCut = () => false } = this.#options;
    return Array.from({ length: connectionsPerAddress }, () => {
      let was: string | undefined;
      const link: Link = new Link({
        address,
        trustDomain: bundle.trustDomain,
        dial,
        clock,
        random,
        timing: this.#timing,
        isCut: () => isCut(cluster),
        onChange: () => {
          const { state, why } = link;
          if (was !== `${state} ${why}`) log.info({ cluster, address, state, why }, 'link changed');
          was = `${state} ${why}`;
          this.#tell(cluster, bundle);
        },
      });
      return link;
    });
  }

  #tell(cluster: ClusterName, bundle: Bundle): void {
    const status =
      this.#clusters.get(cluster) === bundle ? statusOf(bundle) : { state: 'none' as const };
    const { told } = bundle;
    if (status.state === told.state && !movedNotably(told.rttMs, status.rttMs)) return;
    bundle.told = status;
    this.#listeners.tell(cluster, status);
  }
}

function* linksOf(bundle: Bundle): Iterable<Link> {
  for (const links of bundle.links.values()) yield* links;
}

function closeAll(bundle: Bundle, limitMs: number): void {
  for (const link of linksOf(bundle)) link.close(limitMs);
  bundle.links.clear();
}

function statusOf(bundle: Bundle): LinkStatus {
  let state: LinkState = 'down';
  let rttMs: number | undefined;
  for (const link of linksOf(bundle)) {
    if (link.state === 'up') {
      state = 'up';
      rttMs = Math.min(rttMs ?? Infinity, link.session?.rttMs ?? Infinity);
    } else if (link.state === 'connecting' && state === 'down') {
      state = 'connecting';
    }
  }
  return { state, rttMs };
}

function detailOf(cluster: ClusterName, { address, state, session, why }: Link): LinkDetail {
  const { rttMs, streams = 0, sentBytes = 0, receivedBytes = 0 } = session ?? {};
  return { cluster, address, state, rttMs, streams, sentBytes, receivedBytes, why };
}

/** The session of the address whose round trip, times the requests it would then carry, is least. */
function bestOf(bundle: Bundle): LinkSession | undefined {
  let best: LinkSession | undefined;
  let least = Infinity;
  for (const links of bundle.links.values()) {
    const session = firstWithRoom(links);
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
function firstWithRoom(links: readonly Link[]): LinkSession | undefined {
  let best: LinkSession | undefined;
  for (let i = 0; i < links.length; i++) {
    const session = links[i]?.session;
    if (!session?.usable) continue;
    if (session.streams < sharedStreams) return session;
    if (best === undefined || session.streams < best.streams) best = session;
  }
  return best;
}
