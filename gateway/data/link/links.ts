/** Owns the links to all other clusters: which clusters there should be links to, and by which addresses each is reached. */
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName } from '../../../core/names.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import type { ReachedAt } from '../../../registry/gateway-addresses.ts';
import type { Call, CallHandler, ClusterTransport } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import { FailedCall } from '../upstream/failed-call.ts';
import type { HeadLimits } from '../wire/http1/limits.ts';
import { linkOptions } from '../wire/http2/options.ts';
import { ClusterLinks, type LinkDetail, type LinkStatus } from './cluster-links.ts';
import type { Dial } from './dial.ts';
import { defaultLinkTiming, type LinkTiming } from './link.ts';
import { Places, type Resolve } from './places.ts';
import { type Way, wayTo } from './ways.ts';

/** Another cluster, as it should be linked to. */
export interface RemoteGateways {
  readonly cluster: ClusterName;
  readonly trustDomain: TrustDomain;
  /** East-west addresses of its gateways, `host:port`; a name stands for every address that it has. */
  readonly gateways: readonly ReachedAt[];
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

const scopeOrder = ['private', 'public'] as const;

type LinkSubscriber = (cluster: ClusterName, status: LinkStatus) => void;

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
    const onChange = () => this.#reachAll();
    this.#places = new Places({ resolve, clock, onChange });
  }

  /**
   * Makes the links be to exactly these clusters and addresses, and to every address that their names have. What stays is not
   * touched; an address that a cluster has no more is let go of once a link to one that it has is up.
   */
  update(remotes: readonly RemoteGateways[]): void {
    const wanted = new Map(remotes.map((remote) => [remote.cluster, remote]));
    for (const [cluster, links] of this.#clusters) {
      if (wanted.get(cluster)?.trustDomain === links.trustDomain) continue;
      this.#clusters.delete(cluster);
      links.leave(this.#timing.drainMs);
    }
    this.#remotes = remotes;
    this.#places.follow(
      remotes.flatMap(({ gateways }) => gateways.flatMap((one) => [...one.private, ...one.public])),
    );
    this.#reachAll();
  }

  state(cluster: ClusterName): LinkStatus {
    return this.#clusters.get(cluster)?.status ?? { state: 'none' };
  }

  /** Every connection to a cluster, or to all of them. */
  details(only?: ClusterName | undefined): readonly LinkDetail[] {
    return [...this.#clusters].flatMap(([cluster, links]) =>
      only === undefined || only === cluster ? links.details() : [],
    );
  }

  /**
   * Calls `subscriber` when a cluster's state changes or its round trip moves by over 20 % and a millisecond.
   * Returns a function that stops that.
   */
  onChange(subscriber: LinkSubscriber): () => void {
    return this.#subscribers.add(subscriber);
  }

  /**
   * Sends a request to a cluster, over the link that costs least now; over one that is suspect only where no other is there. Where the
   * last was lost within a second the request waits for the next, until that second is over.
   */
  call(cluster: ClusterName, request: OutgoingRequest, handler: CallHandler): Call {
    const links = this.#clusters.get(cluster);
    if (links !== undefined) return links.call(request, handler);
    const what = `There are no links to ${cluster}`;
    return new FailedCall(handler, { sent: 'no', code: 'NO_HEALTHY_ENDPOINT', what });
  }

  /** Every connection, or every one to `cluster`, is made anew, and the old ones let go only then. */
  refresh(cluster?: ClusterName): void {
    for (const [name, links] of this.#clusters) {
      if (cluster === undefined || name === cluster) links.refresh();
    }
  }

  /** Another worker tries to reach exactly these clusters for this one: links to them that are down wait until they are hurried. */
  leave(clusters: Iterable<ClusterName>): void {
    const before = this.#left;
    this.#left = new Set(clusters);
    for (const cluster of before) if (!this.#left.has(cluster)) this.hurry(cluster);
  }

  /** A gateway of the cluster has connected to us: links to it wait no longer before they connect. Returns whether any waited. */
  heard(cluster: ClusterName): boolean {
    return this.#clusters.get(cluster)?.heard() ?? false;
  }

  /** There is a sign of life from the cluster: links to it wait no longer before they connect. Returns whether any waited. */
  hurry(cluster: ClusterName): boolean {
    return this.#clusters.get(cluster)?.hurry() ?? false;
  }

  /** Lets go of every link; requests under way have `limitMs` to finish, 0 = none. */
  close(limitMs = 0): void {
    this.#places.close();
    for (const links of this.#clusters.values()) links.close(limitMs);
    this.#clusters.clear();
  }

  #reachAll(): void {
    for (const { cluster, trustDomain, gateways } of this.#remotes) {
      const ways = gateways.map((one) => this.#waysTo(one));
      let links = this.#clusters.get(cluster);
      if (links === undefined) {
        links = this.#linksTo(cluster, trustDomain);
        this.#clusters.set(cluster, links);
      }
      const isPending = ways.some((way) => way.isPending);
      links.reach({ kind: 'all', of: ways.map(({ way }) => way) }, isPending);
    }
  }

  #waysTo(gateway: ReachedAt): { readonly way: Way; readonly isPending: boolean } {
    let isPending = false;
    const scopes = scopeOrder.flatMap((scope): Way[] => {
      const ways = gateway[scope].flatMap((address) => {
        const places = this.#places.of(address);
        isPending ||= places === undefined;
        return places === undefined ? [] : [wayTo(address, scope, places)];
      });
      return ways.length === 0 ? [] : [{ kind: 'all', of: ways }];
    });
    return { way: { kind: 'first', of: scopes }, isPending };
  }

  #linksTo(cluster: ClusterName, trustDomain: TrustDomain): ClusterLinks {
    const { dial, clock, random, log, connectionsPerAddress = 2 } = this.#options;
    const { isCut = () => false, heads = linkOptions } = this.#options;
    return new ClusterLinks({
      cluster,
      trustDomain,
      dial,
      clock,
      random,
      log,
      connectionsPerPlace: connectionsPerAddress,
      timing: this.#timing,
      heads,
      down: () => this.#down(),
      isLeft: () => this.#left.has(cluster),
      isCut: () => isCut(cluster),
      onStatus: (status) => this.#subscribers.tell(cluster, status),
    });
  }

  #down(): number {
    let down = 0;
    for (const links of this.#clusters.values()) down += links.down;
    return down;
  }
}
