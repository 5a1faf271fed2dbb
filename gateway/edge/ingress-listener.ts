/** Owns an ingress: TLS from outside, ended here or passed on as it is, by the name of the server that is asked for. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { DrainResult } from '../proxy/drain.ts';
import type { Listener } from '../proxy/listen.ts';
import type { GatewayProxy } from '../proxy/proxy.ts';
import type { RouteLookup } from '../proxy/route.ts';
import { ClientListener } from './client-listener.ts';
import type { IngressCredentials } from './credentials.ts';
import { IngressFront } from './ingress-front.ts';
import type { IngressSpec } from './ingress-spec.ts';

export interface IngressListenerOptions {
  readonly spec: IngressSpec;
  readonly credentials: IngressCredentials;
  readonly proxy: GatewayProxy;
  /** Finds services by their own names. */
  readonly services: RouteLookup;
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
    const clients = new ClientListener(options);
    const front = new IngressFront({ ...options, ground: clients.ground });
    await clients.listen(options.spec.address, (socket) => {
      clients.track(socket);
      front.accept(socket);
    });
    return new IngressListener(clients, front);
  }

  get address(): string {
    return this.#clients.address;
  }

  /** As many certificates as before, in the same order; new connections get these, those there are stay as they are. */
  updateCredentials(credentials: IngressCredentials): void {
    this.#front.update(credentials);
  }

  drain(limitMs: number): Promise<DrainResult> {
    return this.#clients.drain(limitMs);
  }

  close(): Promise<void> {
    return this.#clients.close();
  }
}
