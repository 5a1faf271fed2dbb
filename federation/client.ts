/** Owns calling another gateway's federation service: one address, one trust domain expected there, a deadline on every call. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls';
import { ChannelCredentials, Client, type ServiceError } from '@grpc/grpc-js';
import type { LeafIdentity } from '../certs/authority.ts';
import type { TrustDomain } from '../certs/spiffe-id.ts';
import type { TrustStore } from '../certs/trust-store.ts';
import { pemOf } from '../certs/x509.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import {
  type AdoptReply,
  type AdoptRequest,
  type EvictRequest,
  type FollowReply,
  type FollowRequest,
  federationService,
  type JoinReply,
  type JoinRequest,
  maxReplyBytes,
  maxRequestBytes,
  type PingReply,
} from './messages.ts';
import { fromServiceError } from './wire-errors.ts';

/** Admission reads and writes the registry a few times. */
const defaultDeadlineMs = 10_000;

interface FederationClientOptions {
  /** `host:port` of the other gateway's federation listener. */
  readonly address: string;
  readonly trust: TrustStore;
  /** The trust domain a gateway of which must answer. */
  readonly expect: TrustDomain;
  /** The certificate we prove ourselves with; absent for a joiner, whom nobody trusts yet. */
  readonly identity?: LeafIdentity | undefined;
  /** Time each call may take, connecting included, in milliseconds. Default 10 s. */
  readonly deadlineMs?: number | undefined;
  readonly clock: Clock;
}

/** Every method rejects with the other gateway's own error, or with PEER_UNREACHABLE, CERT_UNTRUSTED or TIMED_OUT. */
export class FederationClient {
  readonly #options: FederationClientOptions;
  readonly #client: Client;
  #untrusted: IsthmusError | undefined;

  constructor(options: FederationClientOptions) {
    this.#options = options;
    const { address, trust, expect, identity } = options;
    const context = createSecureContext({
      minVersion: 'TLSv1.3',
      ca: (trust.get(expect)?.roots ?? []).map((root) => pemOf(root.raw)),
      // A root may be under an enterprise's, which has no part in this.
      allowPartialTrustChain: true,
      ...(identity && { cert: identity.chainPem, key: identity.keyPem }),
    });
    const credentials = ChannelCredentials.createFromSecureContext(context, {
      checkServerIdentity: (_host, certificate) => this.#check(certificate),
    });
    this.#client = new Client(address, credentials, {
      'grpc.ssl_target_name_override': expect,
      'grpc.max_receive_message_length': maxReplyBytes,
      'grpc.max_send_message_length': maxRequestBytes,
      // A connection of its own, with nothing from the environment in between.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
    });
  }

  preview(request: JoinRequest): Promise<JoinReply> {
    return this.#call('Preview', request);
  }

  join(request: JoinRequest): Promise<JoinReply> {
    return this.#call('Join', request);
  }

  /** With a gateway token, of one's own cluster. */
  adopt(request: AdoptRequest): Promise<AdoptReply> {
    return this.#call('Adopt', request);
  }

  /** Of one's own cluster. */
  follow(request: FollowRequest): Promise<FollowReply> {
    return this.#call('Follow', request);
  }

  async evict(request: EvictRequest): Promise<void> {
    await this.#call('Evict', request);
  }

  ping(): Promise<PingReply> {
    return this.#call('Ping', {});
  }

  close(): void {
    this.#client.close();
  }

  #call<Res>(name: string, request: object): Promise<Res> {
    const method = federationService[name];
    if (!method) throw new IsthmusError('INTERNAL', { what: `There is no call ${name}` });
    // gRPC measures deadlines by the machine's own clock.
    const deadline = Date.now() + (this.#options.deadlineMs ?? defaultDeadlineMs);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline },
        (error: ServiceError | null, reply?: Res) => {
          if (reply !== undefined) resolve(reply);
          else
            reject(
              this.#untrusted ?? fromServiceError(error as ServiceError, this.#options.address),
            );
        },
      );
    });
  }

  /** Runs in each handshake, after OpenSSL found the chain to end in one of `expect`'s roots and before anything is sent. */
  #check(certificate: PeerCertificate): IsthmusError | undefined {
    const { trust, expect, clock, address } = this.#options;
    try {
      const id = trust.verifyChain(chainOf(certificate as DetailedPeerCertificate), clock.now());
      if (id.trustDomain === expect && id.path.startsWith('/gateway/')) return undefined;
      throw new IsthmusError('CERT_UNTRUSTED', {
        what: `${id.uri} answered, where a gateway of ${expect} was expected`,
        where: address,
      });
    } catch (thrown) {
      this.#untrusted = asIsthmusError(thrown);
      return this.#untrusted;
    }
  }
}

/** Node links the presented certificates, leaf first; a root is its own issuer. */
function chainOf(leaf: DetailedPeerCertificate): X509Certificate[] {
  const chain = [leaf];
  for (let next = leaf.issuerCertificate; next && !chain.includes(next); ) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain.map((certificate) => new X509Certificate(certificate.raw));
}
