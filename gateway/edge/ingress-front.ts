/** Owns a connection's first moments at an ingress: its ClientHello, and where that leads. */
import type { Socket } from 'node:net';
import { type ErrorCode, IsthmusError } from '../../core/errors.ts';
import { serviceHost } from '../../core/names.ts';
import type { ClientGround } from '../proxy/client-ground.ts';
import { Intake } from '../proxy/intake.ts';
import { addressOf } from '../proxy/peer.ts';
import type { GatewayProxy } from '../proxy/proxy.ts';
import type { RouteLookup } from '../proxy/route.ts';
import { alert, fatalAlert } from '../wire/tls/alert.ts';
import type { ClientHello } from '../wire/tls/client-hello.ts';
import type { IngressCredentials } from './credentials.ts';
import { Destinations } from './destinations.ts';
import { type HelloTaker, HelloWait } from './hello-wait.ts';
import { IngressRoutes } from './ingress-routes.ts';
import type { IngressSpec } from './ingress-spec.ts';
import { IngressTaker } from './ingress-taker.ts';
import { TcpExchange, tunnelTo } from './tcp-exchange.ts';
import { TlsTerminator } from './tls-terminator.ts';

export interface IngressFrontOptions {
  readonly spec: IngressSpec;
  readonly credentials: IngressCredentials;
  readonly proxy: GatewayProxy;
  /** Finds services by their own names. */
  readonly services: RouteLookup;
  readonly ground: ClientGround;
}

export class IngressFront implements HelloTaker {
  readonly #options: IngressFrontOptions;
  /** One for each certificate, in the order of the configuration. */
  readonly #terminators: readonly TlsTerminator[];
  #destinations: Destinations<TlsTerminator>;

  constructor(options: IngressFrontOptions) {
    const { spec, credentials } = options;
    this.#options = options;
    this.#terminators = credentials.certificates.map(
      (certificate) =>
        new TlsTerminator(certificate, credentials.clientCa, this.#groundFor(certificate.hosts), {
          ...spec,
          onRefused: (code, what) => this.#refused(code, what),
        }),
    );
    this.#destinations = this.#decide(credentials);
  }

  /** As many certificates as before, in the same order. */
  update(credentials: IngressCredentials): void {
    for (const [i, certificate] of credentials.certificates.entries()) {
      const ground = this.#groundFor(certificate.hosts);
      this.#terminators[i]?.update(certificate, credentials.clientCa, ground);
    }
    this.#destinations = this.#decide(credentials);
  }

  accept(socket: Socket): void {
    const { spec, ground } = this.#options;
    ground.connections.add(new HelloWait(socket, ground.sweep, spec.handshakeMs, this));
  }

  onLeft(wait: HelloWait): void {
    this.#options.ground.connections.delete(wait);
  }

  onNoHello(socket: Socket, what: string): void {
    socket.destroy();
    this.#refused('CLIENT_HELLO_REFUSED', what);
  }

  onHello(socket: Socket, { serverName }: ClientHello, octets: Buffer): void {
    const destination = this.#destinations.find(serverName);
    if (destination === undefined) {
      socket.end(fatalAlert(alert.unrecognizedName));
      socket.destroySoon();
      const asked = serverName === undefined ? 'no server' : JSON.stringify(serverName);
      this.#refused('SERVER_NAME_UNKNOWN', `A client named ${asked}`);
    } else if (destination.kind === 'terminate') {
      socket.unshift(octets);
      destination.by.take(socket);
    } else {
      const peer = { kind: 'client', address: addressOf(socket) } as const;
      const head = tunnelTo(destination.authority);
      new TcpExchange(Intake.byEvents(socket), this.#options.ground, peer, head, octets);
    }
  }

  #decide({ certificates }: IngressCredentials): Destinations<TlsTerminator> {
    const { spec, proxy, services } = this.#options;
    return new Destinations({
      terminators: this.#terminators.map((by, i) => ({
        by,
        hosts: certificates[i]?.hosts ?? [],
        isDefault: certificates[i]?.isDefault ?? false,
      })),
      passthrough: spec.passthrough.map(({ host, service }) => ({
        host,
        authority: serviceHost(service, proxy.federation),
      })),
      isTlsService: (name) => spec.serviceNames && services.find(name, '')?.protocol === 'tls',
    });
  }

  /** For connections by a certificate for `hosts`. */
  #groundFor(hosts: readonly string[]): ClientGround {
    const { spec, proxy, services, ground } = this.#options;
    const { federation } = proxy;
    const routes = new IngressRoutes(spec.routes, services, federation, spec.serviceNames);
    return { ...ground, taker: new IngressTaker(hosts, proxy.withRoutes(routes), proxy) };
  }

  #refused(code: ErrorCode, what: string): void {
    const { recorder, log } = this.#options.ground;
    recorder.refused(undefined, code);
    log.debug({ err: new IsthmusError(code, { what }) }, 'client refused');
  }
}
