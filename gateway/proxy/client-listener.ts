/** Owns what all listeners for clients have in common: accepting, the limit on connections, and ending them. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { SparseLog } from '../../core/sparse-log.ts';
import type { ClientGround } from './client-ground.ts';
import { limitConnections } from './connection-limit.ts';
import { type DrainResult, InFlight } from './drain.ts';
import { http1Limits } from './limit.ts';
import { type BoundTo, bind, type Listener, type ListenPlace } from './listen.ts';
import type { GatewayProxy } from './proxy.ts';
import { type Listed, Roster } from './roster.ts';

/** How long connections have to close when nothing is in flight any more. */
const lingerMs = 1_000;

export interface ClientListenerOptions {
  readonly proxy: GatewayProxy;
  readonly clock: Clock;
  readonly log: Log;
}

interface Tracked extends Listed {
  readonly socket: Socket;
}

export class ClientListener implements Listener {
  /** What its connections stand on, with the gateway's own routes. */
  readonly ground: ClientGround;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #sockets = new Roster<Tracked>();
  readonly #onError: (error: Error) => void;
  #bound: BoundTo = { address: '', fd: undefined };
  #isDraining = false;

  constructor({ proxy, clock, log }: ClientListenerOptions) {
    this.#clock = clock;
    this.ground = {
      taker: proxy,
      unreadable: proxy.unreadable,
      limits: proxy.limits,
      headLimits: http1Limits(proxy.limits),
      recorder: proxy.recorder,
      sweep: proxy.sweep,
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
  async listen(place: ListenPlace, accept: (socket: Socket) => void): Promise<void> {
    this.#server.on('connection', accept);
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

  async drain(limitMs: number, graceMs = 0): Promise<DrainResult> {
    const { connections, inFlight } = this.ground;
    const closed = this.#stop();
    const grace = Math.min(graceMs, limitMs);
    if (grace > 0) await atMost(grace, closed, this.#clock);
    for (const connection of connections.all()) connection.drain();
    const result = await inFlight.drained(this.#clock, limitMs - grace);
    // What was answered last may still be on its way out.
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
