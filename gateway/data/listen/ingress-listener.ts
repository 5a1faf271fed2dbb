/** Owns an ingress: TLS from outside, ended here or passed on as it is, by the name of the server that is asked for. */
import type { TrustStore } from '../../../certs/trust-store.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { DrainResult } from '../client/drain.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import type { RouteLookup } from '../request/route/route-table.ts';
import { ClientListener } from './client-listener.ts';
import type { IngressCredentials } from './credentials.ts';
import { IngressFront } from './ingress-front.ts';
import type { IngressSpec } from './ingress-spec.ts';
import type { Listener, ListenPlace } from './listen.ts';

interface IngressListenerOptions {
  readonly place: ListenPlace;
  readonly spec: IngressSpec;
  readonly credentials: IngressCredentials;
  readonly proxy: GatewayProxy;
  /** Finds services by their own names. */
  readonly services: RouteLookup;
  /** The bundles of foreign trust domains. */
  readonly foreign: TrustStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class IngressListener implements Listener {
  readonly #clients: ClientListener;
  readonly #front: IngressFront;

  private constructor(clients: ClientListener, front: IngressFront) {
    this.#clients = clients;
    this.#front = front;
  }

  /** Throws PORT_IN_USE when the address is taken. */
  static async start(options: IngressListenerOptions): Promise<IngressListener> {
    const { proxyProtocol } = options.spec;
    const clients = new ClientListener({ ...options, entrance: { kind: 'tcp' }, proxyProtocol });
    const front = new IngressFront({ ...options, ground: clients.ground });
    await clients.listen(options.place, (socket, peer) => {
      clients.track(socket);
      front.accept(socket, peer);
    });
    return new IngressListener(clients, front);
  }

  get address(): string {
    return this.#clients.address;
  }

  get fd(): number | undefined {
    return this.#clients.fd;
  }

  stop(): void {
    this.#clients.stop();
  }

  /** Replaces the certificates for new connections: as many as before, in the same order. */
  updateCredentials(credentials: IngressCredentials): void {
    this.#front.update(credentials);
  }

  /** Becomes another ingress for new connections; requests on open ones go by its routes, too. */
  reshape(spec: IngressSpec, credentials: IngressCredentials): void {
    this.#clients.proxyProtocol = spec.proxyProtocol;
    this.#front.reshape(spec, credentials);
  }

  drain(limitMs: number, graceMs?: number): Promise<DrainResult> {
    return this.#clients.drain(limitMs, graceMs);
  }

  close(): Promise<void> {
    return this.#clients.close();
  }
}
