/** Owns the connection to etcd: one at a time, replaced when it fails and when its certificate is renewed. */
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import type { ICallable } from 'etcd3';
import { Host } from 'etcd3/lib/connection-pool.js';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import { DialGate } from './dial-gate.ts';
import { etcdTexts, type GrpcFailure, isOutage, registryError } from './etcd-errors.ts';

/** How to trust the registry and how to prove who we are. All PEM. */
export interface RegistryTls {
  /** Roots that vouch for the registry. */
  readonly ca: string;
  /** Our chain, leaf first, and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** Name to expect in the registry's certificate; default the endpoint's host. */
  readonly serverName?: string;
  /** Replaces the check of the name, for certificates that carry a SPIFFE ID instead; returns what is wrong. */
  readonly checkServerIdentity?: (host: string, cert: PeerCertificate) => Error | undefined;
}

export interface ConnectionOptions {
  /** `http://host:port` or `https://host:port`, all of one kind; tried in turn. */
  readonly endpoints: readonly string[];
  readonly tls?: RegistryTls;
  /** etcd's own users; for registries without client certificates. */
  readonly auth?: { readonly username: string; readonly password: string };
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** Called after every answer (no error) and every failure. */
  readonly report: (error?: IsthmusError) => void;
}

type ServiceName = Parameters<ICallable<Host>['exec']>[0];
type UnaryClient = Record<
  string,
  (
    payload: unknown,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, response: unknown) => void,
  ) => void
>;

/** An hour: no link is kept that long without a connection. */
const neverMs = 3_600_000;

/**
 * etcd rejects pings more often than every 5 s, and any without a call in flight. A connection that
 * answers none within 10 s is dead. Every `Link` has its own channel, so replacing it really dials anew; a channel
 * that could not connect does not try again by itself: when to dial is for `DialGate` to say.
 */
const channelOptions: grpc.ChannelOptions = {
  'grpc.keepalive_time_ms': 7000,
  'grpc.keepalive_timeout_ms': 3000,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.enable_channelz': 0,
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': neverMs,
  'grpc.max_reconnect_backoff_ms': neverMs,
};

/** Sent where the endpoint is an IP address; no certificate is chosen or checked by it. */
const unnamedServer = 'registry.invalid';

interface Link {
  readonly endpoint: string;
  readonly host: Host;
  readonly channel: grpc.Channel;
}

/**
 * The transport under etcd3's typed RPC clients, in place of its pool: a deadline on every call, no retries,
 * one back-off. A call that gets no answer moves later calls to the next endpoint over a new
 * connection; those in flight stay where they are, so replacing a connection loses none. While it is too early to dial
 * again, calls fail at once.
 */
export class EtcdConnection implements ICallable<Host> {
  readonly callOptionsFactory = undefined;
  readonly #options: ConnectionOptions;
  readonly #gate: DialGate;
  #secureContext: SecureContext | undefined;
  #tls: RegistryTls | undefined;
  #turn = 0;
  #link: Link | undefined;
  /** Links no longer given to calls, and how to cancel their closing. */
  readonly #retired = new Map<Link, () => void>();
  #token: string | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    if (options.endpoints.length === 0 || !options.endpoints.every((e) => URL.canParse(e))) {
      throw new IsthmusError('CONFIG_INVALID', {
        what: 'Registry endpoints must be http://host:port or https://host:port',
        where: options.endpoints.join(', '),
      });
    }
    this.#options = options;
    this.#gate = new DialGate(options.clock, options.endpoints.length);
    this.#tls = options.tls;
    this.#secureContext = this.#buildContext(options.tls);
  }

  /** The endpoint in use, for messages. */
  get endpoint(): string {
    const { endpoints } = this.#options;
    return endpoints[this.#turn % endpoints.length] ?? '';
  }

  deadline(): number {
    return Date.now() + this.#options.deadlineMs;
  }

  /** Runs one unary call. Rejects with an IsthmusError. */
  async exec<T>(service: ServiceName, method: string, payload: unknown): Promise<T> {
    try {
      return await this.#unary<T>(service, method, payload);
    } catch (thrown) {
      if ((thrown as GrpcFailure).details !== etcdTexts.invalidAuthToken) throw this.#fail(thrown);
    }
    // etcd forgets tokens when it restarts; a call it refused for that reason was not run.
    this.#token = undefined;
    try {
      return await this.#unary<T>(service, method, payload);
    } catch (thrown) {
      throw this.#fail(thrown);
    }
  }

  /** Hands the client of a service to `open`, which starts a stream. */
  async withConnection<R>(
    service: ServiceName,
    open: (args: {
      resource: Host;
      client: grpc.Client;
      metadata: grpc.Metadata;
    }) => Promise<R> | R,
  ): Promise<R> {
    try {
      const { host } = this.#connect();
      const metadata = await this.#metadata();
      return await open({ resource: host, client: host.getServiceClient(service), metadata });
    } catch (thrown) {
      throw this.#fail(thrown);
    }
  }

  /** A stream on `host` broke. etcd3's clients call this; `streamFailed` is what reports it. */
  markFailed(host: Host, thrown: Error): void {
    const error = registryError(thrown, this.endpoint);
    if (isOutage(error) && !isCancelled(thrown)) this.#leave(host, error);
  }

  /** Codes the error of a stream and reports it. */
  streamFailed(thrown: unknown): IsthmusError {
    return this.#fail(thrown);
  }

  /** A stream heard from the registry. */
  streamAnswered(): void {
    this.#answered();
  }

  /** New connections prove themselves with this; calls and streams in flight finish on the old one. */
  setTls(tls: RegistryTls): void {
    this.#secureContext = this.#buildContext(tls);
    this.#tls = tls;
    this.#retire();
  }

  close(): void {
    this.#closed = true;
    this.#retire();
    for (const link of [...this.#retired.keys()]) this.#close(link);
  }

  async #unary<T>(service: ServiceName, method: string, payload: unknown): Promise<T> {
    const link = this.#connect();
    const metadata = service === 'Auth' ? new grpc.Metadata() : await this.#metadata();
    const client = link.host.getServiceClient(service) as unknown as UnaryClient;
    return new Promise<T>((resolve, reject) => {
      client[method]?.(payload, metadata, { deadline: this.deadline() }, (error, response) => {
        if (error === null) {
          this.#answered();
          resolve(response as T);
        } else {
          const failure = registryError(error, link.endpoint);
          if (isOutage(failure)) this.#leave(link.host, failure);
          reject(error);
        }
      });
    });
  }

  #answered(): void {
    this.#gate.answered();
    this.#options.report();
  }

  #fail(thrown: unknown): IsthmusError {
    const error = registryError(thrown, this.endpoint);
    if (isOutage(error)) this.#options.report(error);
    else this.#answered();
    return error;
  }

  async #metadata(): Promise<grpc.Metadata> {
    const metadata = new grpc.Metadata();
    const { auth } = this.#options;
    if (auth === undefined) return metadata;
    this.#token ??= (
      await this.#unary<{ token: string }>('Auth', 'authenticate', {
        name: auth.username,
        password: auth.password,
      })
    ).token;
    metadata.set('token', this.#token);
    return metadata;
  }

  #connect(): Link {
    if (this.#closed) {
      throw new IsthmusError('REGISTRY_UNAVAILABLE', { what: 'The registry client is closed' });
    }
    if (this.#link !== undefined) return this.#link;
    this.#gate.pass();
    const { endpoint } = this;
    const url = new URL(endpoint);
    const expected = this.#tls?.serverName ?? url.hostname.replace(/^\[|\]$/g, '');
    const credentials = this.#credentialsFor(expected);
    const channel = new grpc.Channel(url.host, credentials, {
      ...channelOptions,
      // TLS names no IP addresses (RFC 6066, section 3), and grpc-js would try; what the certificate is checked for stays `expected`.
      'grpc.ssl_target_name_override': isIP(expected) === 0 ? expected : unnamedServer,
    });
    // Every service client of the host shares this one channel.
    const shared: grpc.ClientOptions = { channelOverride: channel };
    const host = new Host(url.host, credentials, shared as grpc.ChannelOptions);
    this.#link = { endpoint, host, channel };
    return this.#link;
  }

  #credentialsFor(expected: string): grpc.ChannelCredentials {
    if (this.#secureContext === undefined) return grpc.credentials.createInsecure();
    const check = this.#tls?.checkServerIdentity ?? checkServerIdentity;
    return grpc.credentials.createFromSecureContext(this.#secureContext, {
      checkServerIdentity: (_sent, cert) => check(expected, cert),
    });
  }

  /** Moves on from `host`, unless another call already did. */
  #leave(host: Host, failure: IsthmusError): void {
    if (this.#link?.host !== host) return;
    this.#gate.failed(failure);
    this.#turn += 1;
    this.#retire();
  }

  /** Later calls dial anew. A closed channel lets streams end by themselves but fails calls still waiting to be sent, so it is given their deadline. */
  #retire(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    const { clock, deadlineMs } = this.#options;
    const cancel = clock.after(deadlineMs, () => this.#close(link));
    this.#retired.set(link, cancel);
  }

  #close(link: Link): void {
    this.#retired.get(link)?.();
    this.#retired.delete(link);
    link.channel.close();
  }

  /** Undefined for endpoints in clear text. */
  #buildContext(tls: RegistryTls | undefined): SecureContext | undefined {
    const { endpoints } = this.#options;
    const secure = endpoints.filter((e) => e.startsWith('https:')).length;
    if (secure === 0) return undefined;
    if (secure < endpoints.length) {
      throw new IsthmusError('CONFIG_INVALID', {
        what: 'Registry endpoints mix http:// and https://',
        where: endpoints.join(', '),
      });
    }
    try {
      return createSecureContext({
        minVersion: 'TLSv1.2',
        ...(tls === undefined ? {} : { ca: tls.ca }),
        ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
        ...(tls?.key === undefined ? {} : { key: tls.key }),
      });
    } catch (cause) {
      throw new IsthmusError('CERT_INVALID', {
        what: 'The certificates for the registry cannot be used',
        cause,
      });
    }
  }
}

function isCancelled(thrown: Error): boolean {
  return (thrown as GrpcFailure).code === grpc.status.CANCELLED;
}
