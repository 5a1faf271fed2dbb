/** Owns where all workers of a gateway listen together: as configured, as bound, and by which sockets. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Kept } from '../../data/listen/edge.ts';
import {
  type ListenAt,
  mapListeners,
  type PerEdgeListener,
  type PerListener,
} from '../../data/worker/listeners.ts';
import type { Results } from '../../data/worker/protocol.ts';
import { assertFree, sharesPorts, withBoundPort } from './addresses.ts';
import type { WorkerThread } from './thread.ts';

/** Listening sockets by listener: descriptors of this process. */
export type Sockets = PerListener<readonly number[]>;

export class Places {
  /** The addresses as configured. */
  #configured: PerListener<string>;
  /** The same with the real ports. */
  #addresses: PerListener<string>;
  readonly #inherited: Partial<Sockets> | undefined;
  readonly #sockets = new Map<WorkerThread, Results['listen']>();
  /** Whether the platform lets workers share a port. */
  #shared = true;

  /** `inherited`: sockets of the process whose place this one takes, listened on instead. */
  constructor(configured: PerListener<string>, inherited: Partial<Sockets> | undefined) {
    this.#configured = configured;
    this.#addresses = configured;
    this.#inherited = inherited;
  }

  get configured(): PerListener<string> {
    return this.#configured;
  }

  /** Where the workers listen; the real ports where 0 was asked for. */
  get addresses(): PerListener<string> {
    return this.#addresses;
  }

  get shared(): boolean {
    return this.#shared;
  }

  /** Finds out whether the platform lets workers share a port; resolves to that. */
  async look(): Promise<boolean> {
    this.#shared = await sharesPorts();
    return this.#shared;
  }

  /** Throws PORT_IN_USE where somebody else listens. */
  assertFree(): Promise<void> {
    return assertFree(this.#configured, this.#inherited);
  }

  /** The sockets that the workers listen on. Throws TAKEOVER_FAILED where Node does not tell. */
  get sockets(): Sockets {
    const all = [...this.#sockets.values()];
    const sockets = mapListeners(this.#configured, (_, name) =>
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

  /** A thread listens. All are bound to the same ports: those of the first. */
  bound(thread: WorkerThread, bound: Results['listen']): void {
    this.#sockets.set(thread, bound);
    this.#addresses = mapListeners(this.#configured, (listen, name) =>
      withBoundPort(listen, bound[name]?.address ?? listen),
    );
  }

  /** A thread listens no more. */
  ended(thread: WorkerThread): void {
    this.#sockets.delete(thread);
  }

  /** The addresses are others from now on; the listeners that are `kept` go on. */
  reconfigure(listen: PerListener<string>, kept: readonly Kept[]): void {
    this.#configured = listen;
    this.#addresses = withKept(listen, this.#addresses, kept);
  }

  /** A thread listens at what was added. */
  rebound(thread: WorkerThread, added: Results['prepare'], kept: readonly Kept[]): void {
    const before = this.#sockets.get(thread);
    if (before !== undefined) this.bound(thread, { ...withKept(added, before, kept), ...added });
  }

  /** Where a thread joins the others. */
  joining(): PerListener<ListenAt> {
    const shared = this.#shared;
    return mapListeners(this.#addresses, (address) => ({ kind: 'address', address, shared }));
  }

  /**
   * Where worker `index` of so many listens first. Every inherited socket is somebody's, or its connections would wait for nobody; some workers may have
   * several, or none.
   */
  firstOf(index: number, workers: number): PerListener<ListenAt> {
    const inherited = this.#inherited;
    const joining = this.joining();
    if (inherited === undefined) return joining;
    return mapListeners<ListenAt, ListenAt>(joining, (at, name) => {
      const fds = inherited[name]?.filter((_, i) => i % workers === index) ?? [];
      return fds.length > 0 ? { kind: 'inherited', fds } : at;
    });
  }
}

/** `now`, with the values of `before` for listeners that are kept, by their names now; outbound and east-west always are. */
function withKept<T>(
  now: PerEdgeListener<T>,
  before: PerListener<T>,
  kept: readonly Kept[],
): PerListener<T> {
  const { outbound, eastWest } = before;
  const same = kept.map(({ kind, from, to }) => [`${kind}.${to}`, before[`${kind}.${from}`]]);
  return { ...now, ...Object.fromEntries(same), outbound, eastWest };
}
