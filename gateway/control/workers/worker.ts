/** Owns one worker: a thread that serves, and when that thread ends, the next. */
import { type BackoffPolicy, backoffDelay } from '../../../core/backoff.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { LinkStatus } from '../../data/link/cluster-links.ts';
import type { Observed } from '../../data/observe/observed.ts';
import type { ListenAt, PerListener } from '../../data/worker/listeners.ts';
import type { EndpointName, Results, Update, WorkerStart } from '../../data/worker/protocol.ts';
import { WorkerThread } from './thread.ts';
import { patienceTicks, type Watchdog } from './watchdog.ts';

interface Options {
  readonly index: number;
  readonly heapMb: number;
  readonly watchdog: Watchdog;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Asked for each thread that begins. */
  start(): WorkerStart;
  everything(): Update;
  /** The sockets or addresses of a thread that follows another. */
  listenAt(): PerListener<ListenAt>;
  onBegin(thread: WorkerThread): void;
  onServing(thread: WorkerThread, bound: Results['listen']): void;
  onLink(thread: WorkerThread, cluster: ClusterName, status: LinkStatus): void;
  onAlive(cluster: ClusterName): void;
  onObserved(observed: Observed): void;
  onUsed(service: ServiceName): void;
  onEjected(endpoint: EndpointName): void;
  onEnd(thread: WorkerThread): void;
}

type State =
  | { readonly kind: 'starting'; readonly thread: WorkerThread }
  | { readonly kind: 'serving'; readonly thread: WorkerThread; readonly since: number }
  /** Between two threads. */
  | { readonly kind: 'empty'; readonly cancel: () => void }
  | { readonly kind: 'closed' };

/** A thread that died is followed at once; one that dies again and again, ever later. */
const backoff: BackoffPolicy = { baseMs: 200, maxMs: 10_000 };
/** A thread that served this long was sound: what ended it is not what ended the one before. */
const soundAfterMs = 60_000;
/** How long a thread waits for its links before it takes requests all the same. */
const settleMs = 2_000;

export class Worker {
  readonly #options: Options;
  #state: State = { kind: 'empty', cancel: () => {} };
  #deaths = 0;
  #restarts = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  get index(): number {
    return this.#options.index;
  }

  get state(): State['kind'] {
    return this.#state.kind;
  }

  /** How many threads have been followed by another. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The thread that serves now, or is about to. */
  get thread(): WorkerThread | undefined {
    return 'thread' in this.#state ? this.#state.thread : undefined;
  }

  /** Starts a thread, which does not listen yet. */
  begin(): WorkerThread {
    const { index, heapMb, start, everything, onBegin, onLink, onAlive, onUsed } = this.#options;
    let stopWatching = (): void => {};
    const thread: WorkerThread = new WorkerThread({
      start: start(),
      heapMb,
      onObserved: (observed) => this.#options.onObserved(observed),
      onLink: (cluster, status) => onLink(thread, cluster, status),
      onAlive,
      onUsed,
      onEjected: (endpoint) => this.#options.onEjected(endpoint),
      onEnd: (error) => {
        stopWatching();
        this.#ended(thread, error);
      },
    });
    this.#state = { kind: 'starting', thread };
    stopWatching = this.#options.watchdog.watch(
      () => thread.counters.gauges?.get('beats'),
      () => {
        const what = `Worker ${index} gave no sign of life for ${patienceTicks} s`;
        void thread.terminate(new IsthmusError('WORKER_HUNG', { what }));
      },
    );
    onBegin(thread);
    thread.update(everything());
    return thread;
  }

  /** Has the thread take requests. Throws PORT_IN_USE, or WORKER_DIED. */
  async listen(at: PerListener<ListenAt>): Promise<void> {
    if (this.#state.kind !== 'starting') {
      throw new IsthmusError('INTERNAL', { what: `Worker ${this.index} is ${this.#state.kind}` });
    }
    const { thread } = this.#state;
    const bound = await thread.ask('listen', { at });
    if (this.#state.kind === 'starting' && this.#state.thread === thread) {
      this.#state = { kind: 'serving', thread, since: this.#options.clock.monotonic() };
      this.#options.onServing(thread, bound);
    }
  }

  /** Resolves when the thread's links are up or have failed once. */
  async settled(limitMs = settleMs): Promise<void> {
    await this.thread?.ask('settle', { limitMs });
  }

  /** No thread follows from now on; returns the last. */
  close(): WorkerThread | undefined {
    const { thread } = this;
    if (this.#state.kind === 'empty') this.#state.cancel();
    this.#state = { kind: 'closed' };
    return thread;
  }

  #ended(thread: WorkerThread, error: IsthmusError | undefined): void {
    const { clock, random, log, onEnd } = this.#options;
    const before = this.#state;
    onEnd(thread);
    if (before.kind === 'closed' || this.thread !== thread) return;
    const served = before.kind === 'serving' ? clock.monotonic() - before.since : 0;
    if (served >= soundAfterMs) this.#deaths = 0;
    const inMs = this.#deaths === 0 ? 0 : backoffDelay(backoff, this.#deaths - 1, random);
    this.#deaths++;
    const stack = error?.cause instanceof Error ? error.cause.stack : undefined;
    log.error({ err: error, worker: this.index, stack, followedInMs: inMs }, 'worker ended');
    this.#state = { kind: 'empty', cancel: clock.after(inMs, () => void this.#follow()) };
  }

  /** Never rejects: what fails ends the new thread, and is tried again. */
  async #follow(): Promise<void> {
    this.#restarts++;
    const thread = this.begin();
    try {
      await this.settled();
      await this.listen(this.#options.listenAt());
      this.#options.log.info({ worker: this.index }, 'worker replaced');
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      if (this.thread === thread) await thread.terminate(error);
    }
  }
}
