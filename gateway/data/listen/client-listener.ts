/** Owns the parts that all listeners for clients share: accepting, from whom, the limit on connections, and ending them. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { type Listed, Roster } from '../../../core/roster.ts';
import { SparseLog } from '../../../core/sparse-log.ts';
import type { ClientGround } from '../client/client-ground.ts';
import { type DrainResult, InFlight } from '../client/drain.ts';
import { addressOf, type ClientPeer, clientAt } from '../message/peer.ts';
import type { TrustedProxies } from '../message/trusted-proxies.ts';
import type { Entrance } from '../request/chain.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import { queueTaken } from './accept-queue.ts';
import { limitConnections } from './connection-limit.ts';
import { type BoundTo, bind, type Listener, type ListenPlace } from './listen.ts';
import { awaitProxyHeader } from './proxy-header-wait.ts';

/** How long connections have to close when nothing is in flight any more. */
const lingerMs = 1_000;
/** How long connections that rest, or have only just come, have for a request that is on its way: the answer asks for another connection. */
const lastRequestsMs = 500;

interface ClientListenerOptions {
  /** The kind of the listener. */
  readonly entrance: Entrance;
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether connections begin with a PROXY protocol header, and come from trusted proxies alone; default false. */
  readonly proxyProtocol?: boolean | undefined;
}

/** `isBegun`: octets of the connection were read; it is paused, and those behind the PROXY header are put back. */
type Accept = (socket: Socket, from: ClientPeer, isBegun: boolean) => void;

interface Tracked extends Listed {
  readonly socket: Socket;
}

export class ClientListener implements Listener {
  /** Shared by the listener's connections. */
  readonly ground: ClientGround;
  /** For connections that come from now on. */
  proxyProtocol: boolean;
  readonly #proxies: TrustedProxies;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #sockets = new Roster<Tracked>();
  readonly #onError: (error: Error) => void;
  #bound: BoundTo = { address: '', fd: undefined };
  #isDraining = false;

  constructor({ entrance, proxy, clock, log, proxyProtocol = false }: ClientListenerOptions) {
    this.proxyProtocol = proxyProtocol;
    this.#proxies = proxy.proxies;
    this.#clock = clock;
    this.ground = {
      taker: proxy.at(entrance),
      unreadable: proxy.unreadable,
      limits: proxy.limits,
      headLimits: proxy.headLimits,
      recorder: proxy.recorder,
      wheel: proxy.wheel,
      clock,
      log,
      sparseLog: new SparseLog(log, clock),
      inFlight: new InFlight(),
      connections: new Roster(),
      isDraining: () => this.#isDraining,
    };
    this.#onError = (error) => log.debug({ err: error }, 'client connection failed');
    // Either side may end before the other.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true });
    limitConnections(this.#server, this.ground, 'clients');
  }

  get address(): string {
    return this.#bound.address;
  }

  get fd(): number | undefined {
    return this.#bound.fd;
  }

  /** Throws PORT_IN_USE when the address is taken. */
  async listen(place: ListenPlace, accept: Accept): Promise<void> {
    this.#server.on('connection', (socket: Socket) => {
      if (this.proxyProtocol) this.#acceptProxied(socket, accept);
      else accept(socket, clientAt(addressOf(socket), this.#proxies), false);
    });
    this.#bound = await bind(this.#server, place);
    const { sparseLog } = this.ground;
    // Such as too many open files: those who come next may fare better.
    this.#server.on('error', (error) => {
      sparseLog.warn({ err: error }, 'client connection not accepted');
    });
  }

  /** Has the socket destroyed with the listener, whoever holds it by then, and its errors listened to. */
  track(socket: Socket): void {
    const tracked = { socket, place: -1 };
    this.#sockets.add(tracked);
    socket.on('error', this.#onError).on('close', () => this.#sockets.delete(tracked));
  }

  stop(): void {
    void this.#stop();
  }

  #acceptProxied(socket: Socket, accept: Accept): void {
    socket.on('error', this.#onError);
    awaitProxyHeader(socket, this.ground, this.#proxies, (from) => {
      socket.off('error', this.#onError);
      accept(socket, from, true);
    });
  }

  async drain(limitMs: number, graceMs = 0): Promise<DrainResult> {
    const { connections, inFlight } = this.ground;
    this.#isDraining = true;
    // Where somebody else listens here, who is in the queue is theirs.
    if (graceMs === 0) await queueTaken(this.#server);
    const closed = this.#stop();
    const grace = Math.min(Math.max(graceMs, lastRequestsMs), limitMs);
    await atMost(grace, closed, this.#clock);
    for (const connection of connections.all()) connection.drain();
    const result = await inFlight.drained(this.#clock, limitMs - grace);
    // The last answer may still be on its way out.
    if (result.kind === 'finished') await atMost(lingerMs, closed, this.#clock);
    this.#cut();
    return result;
  }

  async close(): Promise<void> {
    const closed = this.#stop();
    this.#cut();
    await closed;
  }

  /** Takes nothing new. Resolves when the last connection has closed. */
  #stop(): Promise<void> {
    this.#isDraining = true;
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #cut(): void {
    for (const connection of this.ground.connections.all()) connection.destroy();
    for (const { socket } of this.#sockets.all()) socket.destroy();
  }
}

function atMost(ms: number, wait: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    void wait.then(() => {
      cancel();
      resolve();
    });
  });
}
