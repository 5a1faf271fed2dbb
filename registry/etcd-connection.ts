/** Owns the connection to etcd: one at a time, replaced when it fails and when its certificate is renewed. */
import type { EventEmitter } from 'node:events';
import type { SecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import type { ICallable } from 'etcd3';
import type { Host } from 'etcd3/lib/connection-pool.js';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import { DialGate } from './dial-gate.ts';
import { etcdTexts, type GrpcFailure, isOutage, registryError } from './etcd-errors.ts';
import { EtcdLink, type Retirement } from './etcd-link.ts';
import { credentialsFor, type RegistryTls, secureContextOf } from './etcd-tls.ts';

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
  #link: EtcdLink | undefined;
  /** On its way to take the place of `#link`. */
  #next: EtcdLink | undefined;
  /** Every link that is not closed yet, those no longer given to calls among them. */
  readonly #links = new Set<EtcdLink>();
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
    this.#secureContext = secureContextOf(options.endpoints, options.tls);
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
      const link = this.#connect();
      const { host } = link;
      const metadata = await this.#metadata();
      const stream = await open({
        resource: host,
        client: host.getServiceClient(service),
        metadata,
      });
      link.carry(stream as EventEmitter);
      return stream;
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

  close(): void {
    this.#closed = true;
    this.#link = undefined;
    for (const link of [...this.#links]) link.close();
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
    const { endpoint } = this;
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
    } else next.close();
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

function isCancelled(thrown: Error): boolean {
  return (thrown as GrpcFailure).code === grpc.status.CANCELLED;
}
