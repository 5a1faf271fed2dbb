/** Owns where a worker takes requests: its outbound and east-west listeners, one for each socket. */
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { type EastWestListener, startEastWestListener } from '../../proxy/east-west-listener.ts';
import type { Listener, ListenPlace } from '../../proxy/listen.ts';
import { startOutboundListener } from '../../proxy/outbound-listener.ts';
import type { GatewayProxy } from '../../proxy/proxy.ts';
import type { Bound, DataListener, ListenAt, Results } from '../protocol.ts';

export interface ListenersOptions {
  readonly proxy: GatewayProxy;
  readonly identity: () => LeafIdentity;
  readonly trust: TrustStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #outbound: Listener[] = [];
  readonly #eastWest: EastWestListener[] = [];

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Starts all. Throws PORT_IN_USE, placed at the configuration's key; the caller then closes. */
  async listen(at: Readonly<Record<DataListener, ListenAt>>): Promise<Results['listen']> {
    await start('outbound', at.outbound, async (address) =>
      this.#outbound.push(await startOutboundListener({ ...this.#options, address })),
    );
    await start('eastWest', at.eastWest, async (address) =>
      this.#eastWest.push(await startEastWestListener({ ...this.#options, address })),
    );
    return { outbound: boundTo(this.#outbound), eastWest: boundTo(this.#eastWest) };
  }

  /** New connections see the current certificate. */
  updateIdentity(): void {
    for (const listener of this.#eastWest) listener.updateIdentity();
  }

  stop(): void {
    for (const listener of this.#all()) listener.stop();
  }

  async drain(limitMs: number, graceMs: number): Promise<void> {
    await Promise.all(this.#all().map((listener) => listener.drain(limitMs, graceMs)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((listener) => listener.close()));
  }

  #all(): Listener[] {
    return [...this.#outbound, ...this.#eastWest];
  }
}

async function start(
  name: DataListener,
  at: ListenAt,
  listen: (place: ListenPlace) => Promise<unknown>,
): Promise<void> {
  const places: ListenPlace[] =
    at.kind === 'inherited'
      ? at.fds.map((fd) => ({ fd }))
      : [{ ...parseAddress(at.address), shared: at.shared }];
  try {
    for (const place of places) await listen(place);
  } catch (thrown) {
    const { code, message, where, fix, cause } = asIsthmusError(thrown);
    const key = `listen.${name} ${at.kind === 'address' ? at.address : where}`;
    throw new IsthmusError(code, { what: message, where: key, fix, cause });
  }
}

function boundTo(listeners: readonly Listener[]): Bound {
  const fds = listeners.map(({ fd }) => fd).filter((fd) => fd !== undefined);
  return { address: listeners[0]?.address ?? '', fds };
}
