/** Owns the worker threads of a gateway: what all are told, what each answers, and what they are together. */
import { totalmem } from 'node:os';
import type { Clock, Random } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { BalancerState } from '../balance/types.ts';
import type { LinkDetail } from '../link/pool.ts';
import { assertFree, sharesPorts, withBoundPort } from './addresses.ts';
import { combinedState } from './balancer-states.ts';
import { Counters } from './counters.ts';
import { Feed, type FeedWorld } from './feed.ts';
import { LinkBoard } from './link-board.ts';
import { type ListenAt, mapListeners, type PerListener } from './listeners.ts';
import type { RequestKind, Requests, Results, WorkerOptions } from './protocol.ts';
import { Seat } from './seat.ts';
import { heapMb, limitsOfOne } from './shares.ts';
import type { WorkerThread } from './thread.ts';
import { Watchdog } from './watchdog.ts';

/** Listening sockets by listener: descriptors of this process. */
export type Sockets = PerListener<readonly number[]>;

export interface WorkerPoolOptions {
  /** How many, where the platform lets them share a port; else one. */
  readonly workers: number;
  readonly listen: PerListener<string>;
  /** Sockets of the process whose place this one takes: listened on instead. */
  readonly inherited?: Partial<Sockets> | undefined;
  /** What every worker is; the limits are the whole gateway's. */
  readonly worker: Omit<WorkerOptions, 'index'>;
  readonly world: FeedWorld;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** One worker, for people. */
export interface WorkerStatus {
  readonly worker: number;
  readonly state: Seat['state'];
  /** Workers in its place before it. */
  readonly restarts: number;
  readonly inFlight: number;
  /** 99th percentile of its event loop's lag over the last two seconds. */
  readonly lagMs: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  /** Whether it refuses new requests. */
  readonly shedding: boolean;
  /** Responses it has sent on. */
  readonly served: number;
  /** Requests it has answered itself, or that ended without an answer. */
  readonly refused: number;
}

/** A worker that does not answer within this has more to do than to explain itself. */
const askMs = 500;

export class WorkerPool {
  readonly feed: Feed;
  readonly links = new LinkBoard();
  readonly counters = new Counters();
  readonly #options: WorkerPoolOptions;
  readonly #watchdog: Watchdog;
  readonly #seats: Seat[] = [];
  readonly #sockets = new Map<WorkerThread, Results['listen']>();
  #addresses: PerListener<string>;
  #shared = true;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#addresses = options.listen;
    this.#watchdog = new Watchdog(options.clock);
    this.feed = new Feed(options.world, (update) => {
      for (const { thread } of this.#seats) thread?.update(update);
    });
  }

  /** Where the workers listen; the real ports where 0 was asked for. */
  get addresses(): PerListener<string> {
    return this.#addresses;
  }

  /** Starts every worker; they listen once `known` has resolved. Throws PORT_IN_USE, or WORKER_DIED; then `close` it. */
  async start(known: () => Promise<void> = async () => {}): Promise<void> {
    const { workers, listen, inherited, log } = this.#options;
    this.#shared = await sharesPorts();
    const count = this.#shared ? workers : 1;
    if (count < workers) {
      log.info({ workers }, 'one worker only: this platform does not share a port between them');
    }
    await assertFree(listen, inherited);
    for (let index = 0; index < count; index++) this.#seats.push(this.#seat(index, count));
    for (const seat of this.#seats) seat.begin();
    await known();
    const [first, ...others] = this.#seats;
    if (first) await this.#listen(first);
    await Promise.all(others.map((seat) => this.#listen(seat)));
  }

  /** Resolves when the links of every worker are up or have failed once, or after `limitMs`. */
  async settled(limitMs: number): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.settled(limitMs)));
  }

  /** The sockets that the workers listen on. Throws TAKEOVER_FAILED where Node does not tell. */
  get sockets(): Sockets {
    const all = [...this.#sockets.values()];
    const sockets = mapListeners(this.#options.listen, (_, name) =>
      all.flatMap((bound) => bound[name]?.fds ?? []),
    );
    if (Object.values(sockets).some((fds) => fds.length === 0)) {
      throw new IsthmusError('TAKEOVER_FAILED', {
        what: 'The listening sockets have no descriptors on this platform',
        fix: 'Stop this gateway, and start the new one.',
      });
    }
    return sockets;
  }

  status(): WorkerStatus[] {
    return this.#seats.map((seat) => {
      const { index: worker, state, restarts, thread } = seat;
      const gauges = thread?.counters.gauges;
      const one = new Counters();
      if (thread) one.add(thread.counters);
      const { served, refused } = one.snapshot();
      return {
        worker,
        state,
        restarts,
        inFlight: gauges?.get('inFlight') ?? 0,
        lagMs: Math.round(10 * (gauges?.get('lagMs') ?? 0)) / 10,
        heapBytes: gauges?.get('heapBytes') ?? 0,
        heapLimitBytes: gauges?.get('heapLimitBytes') ?? 0,
        shedding: gauges?.get('shedding') === 1,
        served: total(served),
        refused: total(refused),
      };
    });
  }

  /** What the balancers of a service have learnt; undefined where nobody has asked for it. */
  async balancerState(service: ServiceName): Promise<BalancerState | undefined> {
    const states = await this.#askAll('balancer', { service });
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

  /** Takes no new connections, from when it resolves; whoever else listens on the same sockets gets them. */
  async stop(): Promise<void> {
    await Promise.all(this.#seats.map(({ thread }) => thread?.ask('stop', {})));
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
      this.#seats.map(async (seat) => {
        const thread = seat.close();
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

  #seat(index: number, count: number): Seat {
    const { worker, world, clock, random, log } = this.#options;
    const limits = limitsOfOne(worker.limits, count);
    return new Seat({
      index,
      heapMb: heapMb(count, Math.min(process.constrainedMemory() || Infinity, totalmem())),
      watchdog: this.#watchdog,
      clock,
      random,
      log,
      start: () => ({
        worker: { ...worker, index, limits },
        settings: world.settings(),
        identity: world.identity(),
        credentials: world.credentials(),
      }),
      everything: () => this.feed.everything(),
      listenAt: () => this.#joining(),
      onBegin: (thread) => this.counters.add(thread.counters),
      onServing: (thread, bound) => {
        this.#sockets.set(thread, bound);
        this.#noteAddresses(bound);
        this.links.serves(thread);
      },
      onLink: (thread, cluster, status) => this.links.note(thread, cluster, status),
      onEnd: (thread) => {
        this.#sockets.delete(thread);
        this.counters.retire(thread.counters);
        this.links.forget(thread);
      },
    });
  }

  async #listen(seat: Seat): Promise<void> {
    await seat.listen(this.#inheritedBy(seat.index) ?? this.#joining());
  }

  /** All are bound to the same ports: those of the first. */
  #noteAddresses(bound: Results['listen']): void {
    this.#addresses = mapListeners(this.#options.listen, (listen, name) =>
      withBoundPort(listen, bound[name]?.address ?? listen),
    );
  }

  /** At the addresses that the workers share. */
  #joining(): PerListener<ListenAt> {
    const shared = this.#shared;
    return mapListeners(this.#addresses, (address) => ({ kind: 'address', address, shared }));
  }

  /** Every inherited socket is somebody's, or its connections would wait for nobody; some may have several, or none. */
  #inheritedBy(index: number): PerListener<ListenAt> | undefined {
    const { inherited } = this.#options;
    if (!inherited) return undefined;
    return mapListeners<ListenAt, ListenAt>(this.#joining(), (joining, name) => {
      const fds = inherited[name]?.filter((_, i) => i % this.#seats.length === index) ?? [];
      return fds.length > 0 ? { kind: 'inherited', fds } : joining;
    });
  }

  async #askAll<K extends RequestKind>(kind: K, request: Requests[K]): Promise<Results[K][]> {
    const { clock, log } = this.#options;
    const answers = await Promise.all(
      this.#seats.map(async ({ thread, state }): Promise<Results[K][]> => {
        if (!thread || state !== 'serving') return [];
        const answer = thread.ask(kind, request);
        let cancel = (): void => {};
        const late = new Promise<never>((_, reject) => {
          const what = `Worker ${thread.index} did not answer within ${askMs} ms`;
          cancel = clock.after(askMs, () => reject(new IsthmusError('TIMED_OUT', { what })));
        });
        try {
          return [await Promise.race([answer, late])];
        } catch (thrown) {
          log.warn({ err: thrown }, 'a worker was not asked');
          return [];
        } finally {
          cancel();
        }
      }),
    );
    return answers.flat();
  }
}

function total(series: readonly { readonly requests: number }[]): number {
  return series.reduce((sum, { requests }) => sum + requests, 0);
}
