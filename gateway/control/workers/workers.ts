/** Owns the worker threads of a gateway: what all are told, what each answers, and what they are together. */
import { totalmem } from 'node:os';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { type BreakerMemory, breakerMemory } from '../../data/balance/breaker-table.ts';
import type { BalancerState } from '../../data/balance/types.ts';
import type { LinkDetail } from '../../data/link/cluster-links.ts';
import type { IngressCredentials } from '../../data/listen/credentials.ts';
import type { Observed } from '../../data/observe/observed.ts';
import type { SampledRequest } from '../../data/observe/sampling/sampled-request.ts';
import { BucketTable } from '../../data/request/rate-limit/bucket-table.ts';
import type { PartTarget } from '../../data/request/route/ports.ts';
import type { PerListener } from '../../data/worker/listeners.ts';
import type {
  EndpointName,
  RequestKind,
  Requests,
  Results,
  Scouting,
  Update,
  WorkerOptions,
} from '../../data/worker/protocol.ts';
import { askAll } from './asking.ts';
import { combinedState } from './balancer-states.ts';
import { Counters } from './counters.ts';
import { Feed, type FeedSource } from './feed.ts';
import { LinkBoard } from './link-board.ts';
import { Places, type Sockets } from './places.ts';
import { type Prepared, prepare } from './reshaping.ts';
import { heapMb, limitsOfOne } from './shares.ts';
import { statusOf, type WorkerStatus } from './status.ts';
import type { WorkerThread } from './thread.ts';
import { Watchdog } from './watchdog.ts';
import { Worker } from './worker.ts';

interface WorkersOptions {
  /** How many, where the platform lets them share a port; else one. */
  readonly workers: number;
  readonly listen: PerListener<string>;
  /** Sockets of the process whose place this one takes: listened on instead. */
  readonly inherited?: Partial<Sockets> | undefined;
  /** The options that all workers share; the limits are the whole gateway's. */
  readonly worker: Omit<WorkerOptions, 'index'>;
  readonly source: Omit<FeedSource, 'scouting'>;
  /** Hears what the workers have seen of requests, beside what they count. */
  onObserved(observed: Observed): void;
  /** Hears of each endpoint of the own cluster that a worker has ejected. */
  onEjected(endpoint: EndpointName): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Workers {
  readonly feed: Feed;
  readonly links: LinkBoard;
  readonly counters = new Counters();
  /** The token buckets that all workers take from. */
  readonly buckets = new BucketTable();
  readonly #options: WorkersOptions;
  readonly #watchdog: Watchdog;
  readonly #workers: Worker[] = [];
  readonly #places: Places;
  #worker: WorkersOptions['worker'];

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#places = new Places(options.listen, options.inherited);
    this.#worker = options.worker;
    this.links = new LinkBoard(options.clock);
    this.#watchdog = new Watchdog(options.clock);
    const source = { ...options.source, scouting: () => this.#scouting() };
    const send = (update: Update): void => {
      for (const { thread } of this.#workers) thread?.update(update);
    };
    this.feed = new Feed(source, send, options.clock);
  }

  /** Where the workers listen; the real ports where 0 was asked for. */
  get addresses(): PerListener<string> {
    return this.#places.addresses;
  }

  /** Starts every worker; they listen once `known` has resolved. Throws PORT_IN_USE, or WORKER_DIED; then `close` it. */
  async start(known: () => Promise<void> = async () => {}): Promise<void> {
    const { workers, log } = this.#options;
    const count = (await this.#places.look()) ? workers : 1;
    if (count < workers) {
      log.info({ workers }, 'one worker only: this platform does not share a port between them');
    }
    await this.#places.assertFree();
    const breakers = breakerMemory(count);
    for (let index = 0; index < count; index++) {
      this.#workers.push(this.#make(index, count, breakers));
    }
    for (const worker of this.#workers) worker.begin();
    await known();
    const [first, ...others] = this.#workers;
    if (first) await this.#listen(first);
    await Promise.all(others.map((worker) => this.#listen(worker)));
  }

  /**
   * Makes ready to listen where `listen` says, and to be what `worker` says: resolves to what has all workers do so, or forget it.
   * Outbound, east-west and all of `worker` but its limits and its edge stay as they are. Throws PORT_IN_USE; then nothing has changed.
   */
  async prepare(
    listen: PerListener<string>,
    worker: WorkersOptions['worker'],
    credentials: readonly IngressCredentials[],
  ): Promise<Pick<Prepared, 'commit' | 'discard'>> {
    const limits = limitsOfOne(worker.limits, this.#workers.length);
    const prepared = await prepare(
      { listen, edge: worker.edge, credentials, limits },
      {
        workers: this.#workers,
        before: this.#places.configured,
        shared: this.#places.shared,
        log: this.#options.log,
      },
    );
    const { kept, discard } = prepared;
    return {
      discard,
      commit: async () => {
        this.#worker = worker;
        this.#places.reconfigure(listen, kept);
        const taken = await prepared.commit();
        for (const { thread, bound } of taken) this.#places.rebound(thread, bound, kept);
        return taken;
      },
    };
  }

  /** Resolves when the links of every worker are up or have failed once, or after `limitMs`. */
  async settled(limitMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.settled(limitMs)));
  }

  /** The sockets that the workers listen on. Throws TAKEOVER_FAILED where Node does not tell. */
  get sockets(): Sockets {
    return this.#places.sockets;
  }

  /** Whether every worker takes requests; one that hangs is soon none of them. */
  get areServing(): boolean {
    return this.#workers.every(({ state }) => state === 'serving');
  }

  status(): WorkerStatus[] {
    return this.#workers.map(statusOf);
  }

  /** The state that the balancers of a service, or of a part of it, have learnt; undefined where no client has asked for that. */
  async balancerState(target: PartTarget): Promise<BalancerState | undefined> {
    const states = await this.#askAll('balancer', { target });
    return combinedState(states.flatMap((state) => state ?? []));
  }

  /** The same of every service that was asked for. */
  async balancerStates(): Promise<Map<ServiceName, BalancerState>> {
    const states = await this.#askAll('balancers', {});
    const services = new Set(states.flatMap((one) => [...one.keys()]));
    return new Map(
      [...services].flatMap((service) => {
        const state = combinedState(states.flatMap((one) => one.get(service) ?? []));
        return state === undefined ? [] : [[service, state] as const];
      }),
    );
  }

  /** Every connection to a cluster, or to all, of every worker. */
  async linkDetails(cluster?: ClusterName): Promise<LinkDetail[]> {
    return (await this.#askAll('links', { cluster })).flat();
  }

  /** The real requests that all workers remember, the oldest first. */
  async sampled(): Promise<SampledRequest[]> {
    const all = await this.#askAll('sampled', {});
    return all.flat().toSorted((a, b) => a.at - b.at);
  }

  /** Whether every worker that serves has answered after all that it was told so far, and goes by it. */
  async areInStep(): Promise<boolean> {
    this.feed.flush();
    const serving = this.#workers.filter(({ state }) => state === 'serving').length;
    return (await this.#askAll('resting', {})).length >= serving;
  }

  /** How many connections to and from other gateways rest on each root, by its fingerprint. */
  async resting(): Promise<Map<string, number>> {
    const sum = new Map<string, number>();
    for (const [root, count] of (await this.#askAll('resting', {})).flatMap((one) => [...one])) {
      sum.set(root, (sum.get(root) ?? 0) + count);
    }
    return sum;
  }

  /** Takes no new connections, from when it resolves; whoever else listens on the same sockets gets them. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map(({ thread }) => thread?.ask('stop', {})));
  }

  /** Takes nothing new, finishes what is in flight within `limitMs`, and ends; see `Listener.drain`. */
  async drain(limitMs: number, graceMs: number): Promise<void> {
    await this.#end((thread) => thread.ask('drain', { limitMs, graceMs }));
  }

  /** Ends at once. */
  async close(): Promise<void> {
    await this.#end((thread) => thread.ask('close', {}));
  }

  async #end(last: (thread: WorkerThread) => Promise<unknown>): Promise<void> {
    this.feed.flush();
    this.#watchdog.close();
    await Promise.all(
      this.#workers.map(async (worker) => {
        const thread = worker.close();
        if (!thread) return;
        try {
          await last(thread);
        } catch (thrown) {
          this.#options.log.warn({ err: thrown }, 'a worker ended before it had finished');
        }
        await thread.terminate();
      }),
    );
  }

  #make(index: number, count: number, breakers: BreakerMemory): Worker {
    const { source, clock, random, log } = this.#options;
    return new Worker({
      index,
      heapMb: heapMb(count, Math.min(process.constrainedMemory() || Infinity, totalmem())),
      watchdog: this.#watchdog,
      clock,
      random,
      log,
      start: () => ({
        worker: { ...this.#worker, index, limits: limitsOfOne(this.#worker.limits, count) },
        logLevel: source.logLevel(),
        identity: source.identity(),
        credentials: source.credentials(),
        buckets: this.buckets.memory,
        breakers,
      }),
      everything: () => this.feed.everything(),
      listenAt: () => this.#places.joining(),
      onBegin: (thread) => this.counters.add(thread.counters),
      onServing: (thread, bound) => {
        this.#places.bound(thread, bound);
        this.links.serves(thread);
        this.feed.changed('scouting');
      },
      onLink: (thread, cluster, status) => {
        // Where one worker gets through the others do.
        if (this.links.note(thread, cluster, status)) this.feed.alive(cluster);
        this.feed.changed('scouting');
      },
      onAlive: (cluster) => this.feed.alive(cluster),
      onObserved: (observed) => this.#options.onObserved(observed),
      onUsed: (service) => this.feed.used(service),
      onEjected: (endpoint) => this.#options.onEjected(endpoint),
      onEnd: (thread) => {
        this.#places.ended(thread);
        this.counters.retire(thread.counters);
        this.links.forget(thread);
        this.feed.changed('scouting');
      },
    });
  }

  async #listen(worker: Worker): Promise<void> {
    await worker.listen(this.#places.firstOf(worker.index, this.#workers.length));
  }

  #scouting(): Scouting {
    const { scout, clusters } = this.links.scouting;
    return { scout: this.#workers.find(({ thread }) => thread === scout)?.index, clusters };
  }

  #askAll<K extends RequestKind>(kind: K, request: Requests[K]): Promise<Results[K][]> {
    return askAll(this.#workers, kind, request, this.#options);
  }
}
