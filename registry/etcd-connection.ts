/** Owns the connection to etcd: one at a time, replaced when it fails and when its certificate is renewed. */
import type { EventEmitter } from 'node:events';
import type { SecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import type { ICallable } from 'etcd3';
import type { Host } from 'etcd3/lib/connection-pool.js';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import { etcdTexts, isOutage, isUnauthenticated, registryError } from './etcd-errors.ts';
import { EtcdLink, type Retirement } from './etcd-link.ts';
import { EtcdLogin, type EtcdUser } from './etcd-login.ts';
import { credentialsFor, type RegistryTls, secureContextOf } from './etcd-tls.ts';
import { RetryGate } from './retry-gate.ts';

interface ConnectionOptions {
  /** `http://host:port` or `https://host:port`, all of one kind; tried in turn. */
  readonly endpoints: readonly string[];
  readonly tls?: RegistryTls;
  /** One of etcd's own users; asked whenever etcd wants to know, so that a changed password is heeded. */
  readonly user?: () => Promise<EtcdUser>;
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** Called after every answer (no error), and every time there was none or nobody is let in. */
  readonly report: (error?: IsthmusError) => void;
  /** No connection could be made with new certificates, and the present one stays. */
  readonly notReplaced: (endpoint: string) => void;
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

/** Milliseconds. Those who call bring the jitter: each tries again at its own time. */
const dialing = { firstRestMs: 250, longestRestMs: 4_000 };

/** The arguments that a stream was opened with. */
interface Opening {
  readonly link: EtcdLink;
  readonly token: string | undefined;
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
  readonly #gate: RetryGate;
  readonly #login: EtcdLogin | undefined;
  readonly #openings = new WeakMap<object, Opening>();
  #secureContext: SecureContext | undefined;
  #tls: RegistryTls | undefined;
  #turn = 0;
  #link: EtcdLink | undefined;
  /** On its way to take the place of `#link`. */
  #next: EtcdLink | undefined;
  /** Every link that is not closed yet, those no longer given to calls among them. */
  readonly #links = new Set<EtcdLink>();
  #closed = false;

  constructor(options: ConnectionOptions) {
    if (options.endpoints.length === 0 || !options.endpoints.every((e) => URL.canParse(e))) {
      throw new IsthmusError('CONFIG_INVALID', {
        what: 'Registry endpoints must be http://host:port or https://host:port',
        where: options.endpoints.join(', '),
      });
    }
    this.#options = options;
    // The connection that was lost, and each endpoint once, cost nothing.
    this.#gate = new RetryGate(options.clock, { ...dialing, free: options.endpoints.length });
    this.#login =
      options.user === undefined
        ? undefined
        : new EtcdLogin({
            user: options.user,
            authenticate: (user) => this.#authenticate(user),
            clock: options.clock,
          });
    this.#tls = options.tls;
    this.#secureContext = secureContextOf(options.endpoints, options.tls);
  }

  deadline(): number {
    return Date.now() + this.#options.deadlineMs;
  }

  /** Runs one unary call. Rejects with an IsthmusError. */
  async exec<T>(service: ServiceName, method: string, payload: unknown): Promise<T> {
    try {
      return await this.#admitted((token) => this.#unary<T>(service, method, payload, token));
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  /** Whether etcd asks who calls: a stranger is refused, and costs no hashing. Rejects with REGISTRY_UNAVAILABLE or TIMED_OUT. */
  async asksForUsers(): Promise<boolean> {
    try {
      return (await this.#authenticate({ username: '', password: '' })) !== undefined;
    } catch (thrown) {
      const error = registryError(thrown, this.#endpoint);
      if (isOutage(error)) throw error;
      return true;
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
      const token = await this.#login?.token();
      const link = this.#connect();
      const { host } = link;
      const stream = await open({
        resource: host,
        client: host.getServiceClient(service),
        metadata: metadataWith(token),
      });
      link.carry(stream as EventEmitter);
      this.#openings.set(stream as object, { link, token });
      return stream;
    } catch (thrown) {
      throw this.#failed(thrown);
    }
  }

  /** A stream on `host` broke. etcd3's clients call this; `streamFailed` is what reports it. */
  markFailed(host: Host, thrown: Error): void {
    if (this.#link?.host !== host || isCancelled(thrown)) return;
    const error = registryError(thrown, this.#link.endpoint);
    if (isOutage(error)) this.#leave(host, error);
  }

  /** The endpoint that a stream goes to, for messages. */
  endpointOf(stream: object): string {
    return this.#openings.get(stream)?.link.endpoint ?? '';
  }

  /** Codes the error of a stream and reports it. */
  streamFailed(stream: object, thrown: unknown): IsthmusError {
    const error = registryError(thrown, this.endpointOf(stream));
    this.streamRefused(stream, error);
    return isUnauthenticated(error) ? error : this.#failed(error);
  }

  /** The registry would not serve a stream: no sign that calls are answered, and none that they are not. */
  streamRefused(stream: object, error: IsthmusError): void {
    const opening = this.#openings.get(stream);
    if (opening !== undefined && isNotLetIn(opening.token, error)) {
      this.#login?.refused(opening.token, error);
    }
  }

  /** A stream heard from the registry. */
  streamAnswered(): void {
    this.#answered();
  }

  /**
   * New connections prove themselves with this. One that is there is replaced once the next is made, and left if none
   * can be; calls and streams in flight finish on the old one.
   */
  setTls(tls: RegistryTls): void {
    if (isDeepStrictEqual(tls, this.#tls)) return;
    this.#secureContext = secureContextOf(this.#options.endpoints, tls);
    this.#tls = tls;
    if (this.#link !== undefined) void this.#replace();
  }

  /** The next call dials. */
  hurry(): void {
    this.#gate.open();
  }

  close(): void {
    this.#closed = true;
    this.#link = undefined;
    for (const link of [...this.#links]) link.close();
  }

  /** Runs a call with a token, and once more with a new one where that was refused: then it was not run. */
  async #admitted<T>(call: (token: string | undefined) => Promise<T>): Promise<T> {
    const token = await this.#login?.token();
    try {
      return await call(token);
    } catch (thrown) {
      if (!this.#isRefused(token, thrown)) throw thrown;
    }
    const next = await this.#login?.token();
    try {
      return await call(next);
    } catch (thrown) {
      this.#isRefused(next, thrown);
      throw thrown;
    }
  }

  #isRefused(token: string | undefined, thrown: unknown): boolean {
    if (this.#login === undefined || !(thrown instanceof IsthmusError)) return false;
    if (!isNotLetIn(token, thrown)) return false;
    this.#login.refused(token, thrown);
    return true;
  }

  async #authenticate({ username, password }: EtcdUser): Promise<string | undefined> {
    const payload = { name: username, password };
    try {
      return (await this.#unary<{ token: string }>('Auth', 'authenticate', payload)).token;
    } catch (thrown) {
      const { message } = registryError(thrown, '');
      if (message === etcdTexts.authNotEnabled) return undefined;
      throw thrown;
    }
  }

  async #unary<T>(
    service: ServiceName,
    method: string,
    payload: unknown,
    token?: string,
  ): Promise<T> {
    const link = this.#connect();
    const client = link.host.getServiceClient(service) as unknown as UnaryClient;
    const metadata = metadataWith(token);
    return new Promise<T>((resolve, reject) => {
      client[method]?.(payload, metadata, { deadline: this.deadline() }, (error, response) => {
        if (error === null) {
          // That a token was made says nothing of whether it is good for anything.
          if (method !== 'authenticate') this.#answered();
          resolve(response as T);
        } else {
          const failure = registryError(error, link.endpoint);
          if (isOutage(failure)) this.#leave(link.host, failure);
          reject(failure);
        }
      });
    });
  }

  #answered(): void {
    this.#gate.open();
    // A stream that was let in goes on when its user is not any more: that one can still be read is no news then.
    if (this.#login?.isOut) return;
    this.#login?.accepted();
    this.#options.report();
  }

  #failed(thrown: unknown): IsthmusError {
    const error = registryError(thrown, this.#endpoint);
    if (isOutage(error) || isUnauthenticated(error)) this.#options.report(error);
    else this.#answered();
    return error;
  }

  /** The one to dial next, or in use. */
  get #endpoint(): string {
    const { endpoints } = this.#options;
    return endpoints[this.#turn % endpoints.length] ?? '';
  }

  #connect(): EtcdLink {
    if (this.#closed) {
      throw new IsthmusError('REGISTRY_UNAVAILABLE', { what: 'The registry client is closed' });
    }
    if (this.#link !== undefined) return this.#link;
    this.#gate.pass();
    this.#link = this.#dial();
    return this.#link;
  }

  #dial(): EtcdLink {
    const endpoint = this.#endpoint;
    const { clock, deadlineMs } = this.#options;
    const expected = this.#tls?.serverName ?? new URL(endpoint).hostname.replace(/^\[|\]$/g, '');
    const credentials = credentialsFor(expected, this.#secureContext, this.#tls);
    const closed = (closing: EtcdLink): void => {
      this.#links.delete(closing);
    };
    const link = new EtcdLink({ endpoint, expected, credentials, deadlineMs, clock, closed });
    this.#links.add(link);
    return link;
  }

  async #replace(): Promise<void> {
    const next = this.#dial();
    this.#next?.close();
    this.#next = next;
    const isUp = await next.connected();
    if (this.#next !== next) return;
    this.#next = undefined;
    if (isUp && !this.#closed) {
      this.#retire('replaced');
      this.#link = next;
    } else {
      next.close();
      if (!this.#closed) this.#options.notReplaced(next.endpoint);
    }
  }

  /** Moves on from `host`, unless another call already did. */
  #leave(host: Host, failure: IsthmusError): void {
    if (this.#link?.host !== host) return;
    this.#gate.failed(failure);
    this.#turn += 1;
    this.#retire('broken');
  }

  /** Later calls dial anew. */
  #retire(why: Retirement): void {
    this.#link?.retire(why);
    this.#link = undefined;
  }
}

/**
 * Whether a call was refused for its token, which etcd does not know, or for having none: an etcd that has got users since takes such a
 * call for one of the user that its certificate names, and denies it.
 */
function isNotLetIn(token: string | undefined, error: IsthmusError): boolean {
  return isUnauthenticated(error) || (token === undefined && error.code === 'REGISTRY_DENIED');
}

function metadataWith(token: string | undefined): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (token !== undefined) metadata.set('token', token);
  return metadata;
}

function isCancelled(thrown: Error): boolean {
  return (thrown as Partial<grpc.ServiceError>).code === grpc.status.CANCELLED;
}
