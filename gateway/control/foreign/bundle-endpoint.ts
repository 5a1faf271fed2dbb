/** Owns the SPIFFE bundle endpoint: where whoever asks, with no proof of who that is, gets the bundles of this federation. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hardenedTls } from '../../../certs/hardened-tls.ts';
import { formatAddress, parseAddress } from '../../../core/address.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { isLabel, parseClusterName, trustDomainOf } from '../../../core/names.ts';
import type { CertificateState } from '../certificates/ingress-certificates.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import { BundleAnswers, type GivenBundles } from './bundle-answer.ts';
import { type EndpointCredentials, openCredentials } from './endpoint-proof.ts';

interface BundleEndpointOptions {
  readonly config: Pick<GatewayConfig, 'baseDir' | 'cluster' | 'federation' | 'trust'>;
  readonly identity: Pick<Identity, 'authority'>;
  readonly membership: Pick<Membership, 'bundleOf'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Anybody may connect: what one of them may hold is little, and held for a short time. */
const mostConnections = 256;
const limitMs = 10_000;
const restMs = 5_000;

export class BundleEndpoint {
  readonly #options: BundleEndpointOptions;
  readonly #answers: BundleAnswers;
  #credentials: EndpointCredentials | undefined;
  #server: Server | undefined;

  constructor(options: BundleEndpointOptions) {
    this.#options = options;
    const { refreshHint = 0 } = options.config.trust.bundleEndpoint ?? {};
    this.#answers = new BundleAnswers(refreshHint / 1000);
  }

  /** `host:port` while it listens. */
  get address(): string | undefined {
    const bound = this.#server?.address() as AddressInfo | string | null | undefined;
    const { listen } = this.#options.config.trust.bundleEndpoint ?? {};
    if (typeof bound !== 'object' || bound === null || listen === undefined) return undefined;
    return formatAddress(parseAddress(listen).host, bound.port);
  }

  /** The certificate from files, where it proves itself by such. */
  get certificate(): CertificateState | undefined {
    return this.#credentials?.state;
  }

  /** Listens, where the configuration says so. Throws PORT_IN_USE, FILE_UNREADABLE, CERT_INVALID or KEY_UNREADABLE. */
  async start(): Promise<void> {
    const { config, identity, log } = this.#options;
    const { bundleEndpoint } = config.trust;
    if (bundleEndpoint === undefined) return;
    const { authority } = identity;
    const changed = (): void => this.#prove();
    const { baseDir } = config;
    this.#credentials = await openCredentials(bundleEndpoint, {
      ...this.#options,
      ...{ authority, baseDir, changed },
    });
    this.#server = createServer(
      {
        ...this.#contextOf(this.#credentials),
        ...{ handshakeTimeout: limitMs, headersTimeout: limitMs, requestTimeout: limitMs },
        keepAliveTimeout: restMs,
      },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = mostConnections;
    this.#server.on('tlsClientError', (err, socket) => {
      socket.destroy();
      log.debug({ err }, 'a handshake at the bundle endpoint failed');
    });
    await listenAt(this.#server, bundleEndpoint.listen);
    // From here on an error of the socket is no reason to end the process.
    this.#server.on('error', (err) => log.error({ err }, 'the bundle endpoint has failed'));
  }

  /** Ends it at once: whoever was being answered asks again. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#credentials?.stop();
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  #prove(): void {
    if (this.#credentials) this.#server?.setSecureContext(this.#contextOf(this.#credentials));
  }

  #contextOf({ current }: EndpointCredentials) {
    const { chainPem: cert, keyPem: key } = current;
    return { cert, key, minVersion: 'TLSv1.2', ...hardenedTls } as const;
  }

  #answer({ method, url }: IncomingMessage, response: ServerResponse): void {
    const { status, headers, body } = this.#answers.to(method, url, this.#bundles);
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    response.end(method === 'HEAD' ? undefined : body);
  }

  get #bundles(): GivenBundles {
    const { config, identity, membership } = this.#options;
    const own = identity.authority.bundle();
    return {
      own,
      member(trustDomain) {
        if (trustDomain === own.trustDomain) return own;
        const [name = ''] = trustDomain.split('.', 1);
        if (!isLabel(name)) return undefined;
        const cluster = parseClusterName(name);
        const isMembers = trustDomain === trustDomainOf(cluster, config.federation);
        return isMembers ? membership.bundleOf(cluster) : undefined;
      },
    };
  }
}

/** Throws PORT_IN_USE. */
async function listenAt(server: Server, listen: string): Promise<void> {
  try {
    server.listen(parseAddress(listen));
    await once(server, 'listening');
  } catch (cause) {
    throw new IsthmusError('PORT_IN_USE', {
      what: `The bundle endpoint can't listen: ${messageOf(cause)}`,
      where: `trust.bundleEndpoint.listen ${listen}`,
      cause,
    });
  }
}
