/** Owns a connection's first moments at an ingress: its ClientHello, and where that leads. */
import type { Socket } from 'node:net';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import { serviceHost } from '../../../core/names.ts';
import type { ClientGround } from '../client/client-ground.ts';
import { TcpExchange, tunnelTo } from '../client/tcp-exchange.ts';
import type { ClientPeer } from '../message/peer.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import { IngressRoutes } from '../request/route/ingress-routes.ts';
import type { RouteLookup } from '../request/route/route-table.ts';
import { Intake } from '../socket/intake.ts';
import { alert, beginsTls, fatalAlert } from '../wire/tls/alert.ts';
import { ClientHelloReader } from '../wire/tls/client-hello-reader.ts';
import type { Admission } from './client-identity.ts';
import type { IngressCredentials } from './credentials.ts';
import { Destinations } from './destinations.ts';
import type { IngressSpec } from './ingress-spec.ts';
import { OpeningWait } from './opening-wait.ts';
import { TlsTerminator } from './tls-terminator.ts';

interface IngressFrontOptions {
  readonly spec: IngressSpec;
  readonly credentials: IngressCredentials;
  readonly proxy: GatewayProxy;
  /** Finds services by their own names. */
  readonly services: RouteLookup;
  /** The bundles of foreign trust domains. */
  readonly foreign: TrustStore;
  readonly ground: ClientGround;
}

export class IngressFront {
  readonly #options: Omit<IngressFrontOptions, 'spec'>;
  #spec: IngressSpec;
  /** Asked by every connection, also by those that were there before they changed. */
  readonly #routes: RouteLookup;
  #currentRoutes: IngressRoutes;
  /** One for each certificate, in the order of the configuration. */
  #terminators: readonly TlsTerminator[];
  #destinations: Destinations<TlsTerminator>;

  constructor(options: IngressFrontOptions) {
    const { spec, credentials } = options;
    this.#options = options;
    this.#spec = spec;
    this.#routes = {
      find: (authority, path) => this.#currentRoutes.find(authority, path),
      ledTo: (authority, path) => this.#currentRoutes.ledTo(authority, path),
    };
    this.#currentRoutes = this.#routesOf(spec);
    this.#terminators = this.#terminatorsFor(credentials);
    this.#destinations = this.#decide(credentials);
  }

  /** Is another from now on; connections there are keep the certificate and the protocol they have. */
  reshape(spec: IngressSpec, credentials: IngressCredentials): void {
    this.#spec = spec;
    this.#currentRoutes = this.#routesOf(spec);
    this.#terminators = this.#terminatorsFor(credentials);
    this.#destinations = this.#decide(credentials);
  }

  /** Replaces the certificates: as many as before, in the same order. */
  update(credentials: IngressCredentials): void {
    for (const [i, certificate] of credentials.certificates.entries()) {
      const ground = this.#groundFor(certificate.hosts);
      this.#terminators[i]?.update(certificate, credentials.clientCa, ground);
    }
    this.#destinations = this.#decide(credentials);
  }

  accept(socket: Socket, peer: ClientPeer): void {
    const reader = new ClientHelloReader();
    const opening = { name: 'The ClientHello', reader, limitMs: this.#spec.handshakeMs };
    new OpeningWait(socket, this.#options.ground, opening, {
      onWhole: ({ serverName }) => this.#lead(socket, peer, serverName, reader.octets),
      onRefused: (what) => this.#noHello(socket, what, reader.octets),
    });
  }

  #noHello(socket: Socket, what: string, octets: Buffer): void {
    if (beginsTls(octets)) {
      socket.end(fatalAlert(alert.decodeError));
      socket.destroySoon();
    } else socket.destroy();
    this.#refused('CLIENT_HELLO_REFUSED', what);
  }

  /** `octets` are all that were read from it. */
  #lead(socket: Socket, peer: ClientPeer, serverName: string | undefined, octets: Buffer): void {
    const destination = this.#destinations.find(serverName);
    if (destination === undefined) {
      socket.end(fatalAlert(alert.unrecognizedName));
      socket.destroySoon();
      const asked = serverName === undefined ? 'no server' : JSON.stringify(serverName);
      this.#refused('SERVER_NAME_UNKNOWN', `A client named ${asked}`);
    } else if (destination.kind === 'terminate') {
      socket.unshift(octets);
      destination.by.take(socket, peer);
    } else {
      const head = tunnelTo(destination.authority);
      new TcpExchange(Intake.byEvents(socket), this.#options.ground, peer, head, octets);
    }
  }

  #routesOf({ name, routes, serviceNames, defaultService }: IngressSpec): IngressRoutes {
    const { proxy, services } = this.#options;
    return new IngressRoutes(
      routes,
      services,
      proxy.federation,
      serviceNames,
      defaultService,
      name,
    );
  }

  #terminatorsFor({ certificates, clientCa }: IngressCredentials): TlsTerminator[] {
    return certificates.map(
      (certificate) =>
        new TlsTerminator(certificate, clientCa, this.#groundFor(certificate.hosts), {
          ...this.#spec,
          admission: this.#admission,
          clock: this.#options.ground.clock,
          onRefused: (code, what) => this.#refused(code, what),
        }),
    );
  }

  get #admission(): Admission {
    const { clientCertificate, trustDomains } = this.#spec;
    return {
      isRequired: clientCertificate === 'required',
      trustDomains,
      foreign: this.#options.foreign,
    };
  }

  #decide({ certificates }: IngressCredentials): Destinations<TlsTerminator> {
    const { proxy, services } = this.#options;
    const spec = this.#spec;
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
    const { proxy, ground } = this.#options;
    const isPassed = (host: string) => this.#destinations.isPassed(host);
    const { defaultService } = this.#spec;
    const defaultAuthority = defaultService && serviceHost(defaultService, proxy.federation);
    const routes = this.#routes;
    const taker = proxy.at({ kind: 'ingress', routes, hosts, isPassed, defaultAuthority });
    return { ...ground, taker, defaultAuthority };
  }

  #refused(code: ErrorCode, what: string): void {
    const { recorder, log } = this.#options.ground;
    recorder.refused(undefined, code);
    log.debug({ err: new IsthmusError(code, { what }) }, 'client refused');
  }
}
