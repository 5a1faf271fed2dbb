/** Owns the federation gRPC service: who may call what, and answering with results or coded errors. */
import type { Duplex } from 'node:stream';
import {
  experimental,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { clusterOf, type SpiffeId } from '../certs/spiffe-id.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type ClusterName, type FederationName, parseClusterName } from '../core/names.ts';
import type { Admission } from './admission.ts';
import type { Adoption } from './adoption.ts';
import {
  type AdoptRequest,
  type EvictRequest,
  type FollowRequest,
  federationService,
  type JoinReply,
  type JoinRequest,
  maxReplyBytes,
  maxRequestBytes,
  type PingReply,
  protocolVersion,
} from './messages.ts';
import type { Sharing } from './sharing.ts';
import { isTokenCode, outward, type TokenCode } from './token-refusal.ts';
import { toStatus } from './wire-errors.ts';

/** A connection without calls is closed after this. */
const idleMs = 60_000;

/** The peer of a connection, as TLS established it. */
interface Caller {
  /** The verified SPIFFE ID; undefined for one who showed no certificate, as a joiner does. */
  readonly id: SpiffeId | undefined;
  /** IP address, for limits and logs. */
  readonly address: string;
}

/** A change that somebody asked for, and what became of it; or a look at one, by a token that was refused. */
export interface FederationAct {
  readonly call: 'Preview' | 'Join' | 'Adopt' | 'Evict';
  /** The path of the call: `/isthmus.federation.v1.Federation/Join`. */
  readonly path: string;
  readonly caller: Caller;
  /** The id of the token that was shown, whatever it is worth. */
  readonly tokenId?: string;
  /** What it was about: `cluster dc3`. */
  readonly object: string;
  /** Why it was refused, or failed; undefined when it was done. */
  readonly error: IsthmusError | undefined;
}

interface FederationServiceOptions {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  /** The SPIFFE ID this gateway answers as. */
  readonly id: SpiffeId;
  /** Undefined while this cluster cannot admit others. */
  readonly admission: () => Admission | undefined;
  /** Admits gateways of this cluster. */
  readonly adoption: Pick<Adoption, 'adopt'>;
  /** Tells gateways of this cluster how their authority has changed. */
  readonly sharing: Pick<Sharing, 'tell'>;
  /** Makes `cluster` leave on behalf of a member; see `evict` in leave.ts. */
  readonly evict: (cluster: ClusterName, by: ClusterName, force: boolean) => Promise<void>;
  /** Told of each change that was asked for, before whoever asked is. */
  readonly acted: (act: FederationAct) => Promise<void>;
  /** Told of each token that was refused, and of the address that it came from. */
  readonly tokenRefused: (code: TokenCode, address: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rides in gRPC's own place for what is known of a connection. */
interface CallerContext extends ReturnType<ServerInterceptingCall['getAuthContext']> {
  readonly caller: Caller;
}

export class FederationService {
  readonly #options: FederationServiceOptions;
  readonly #server: Server;

  constructor(options: FederationServiceOptions) {
    this.#options = options;
    this.#server = new Server({
      'grpc.max_receive_message_length': maxRequestBytes,
      'grpc.max_send_message_length': maxReplyBytes,
      'grpc.max_concurrent_streams': 16,
      'grpc.max_connection_idle_ms': idleMs,
    });
    this.#server.addService(federationService, {
      Preview: this.#unary(
        (request: JoinRequest, { address }) => this.#admission().preview(request, address),
        ({ cluster, tokenId }) => ({ call: 'Preview', object: `cluster ${cluster}`, tokenId }),
      ),
      Join: this.#unary(
        (request: JoinRequest, { address }) => this.#admission().join(request, address),
        ({ cluster, tokenId }) => ({ call: 'Join', object: `cluster ${cluster}`, tokenId }),
      ),
      Adopt: this.#unary(
        (request: AdoptRequest, { address }) => this.#options.adoption.adopt(request, address),
        ({ gateway, tokenId }) => ({ call: 'Adopt', object: `gateway ${gateway}`, tokenId }),
      ),
      Evict: this.#unary(
        (request: EvictRequest, caller) => this.#evict(request, caller),
        ({ cluster, force }) => ({
          call: 'Evict',
          object: `cluster ${cluster}${force ? ', forced' : ''}`,
        }),
      ),
      Follow: this.#unary((request: FollowRequest, { id }) =>
        this.#options.sharing.tell(request, id),
      ),
      Ping: this.#unary((_request: object) => this.#ping()),
    });
  }

  /**
   * Serves a connection on which TLS is established and `h2` agreed. Who calls is bound to the connection here,
   * and no header a caller sends can say otherwise.
   */
  accept(connection: Duplex, caller: Caller): void {
    const context: CallerContext = { caller };
    const credentials = experimental.createServerCredentialsWithInterceptors(
      ServerCredentials.createInsecure(),
      [(_method, call) => new CallerCall(call, context)],
    );
    const injector = this.#server.createConnectionInjector(credentials);
    connection.once('close', () => injector.destroy());
    injector.injectConnection(connection);
  }

  /** Ends every connection; calls under way are given `graceMs` (default none). */
  async close(graceMs = 0): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#server.tryShutdown((error) => {
        if (error)
          this.#options.log.warn({ err: error }, 'the federation service closed with an error');
        resolve();
      });
    });
    const cancel = this.#options.clock.after(graceMs, () => this.#server.forceShutdown());
    await ended;
    cancel();
  }

  async #evict({ cluster, force }: EvictRequest, caller: Caller): Promise<object> {
    const by = parseClusterName(clusterOf(requireGateway(caller)));
    const target = parseClusterName(cluster);
    if (target === this.#options.cluster) {
      throw new IsthmusError('LEAVE_REFUSED', {
        what: `${target} is alive: it is the one that is asked`,
        fix: 'Have it leave by itself: `isthmus leave`.',
      });
    }
    await this.#options.evict(target, by, force);
    this.#options.log.warn({ cluster: target, by, force }, 'the cluster was evicted');
    return {};
  }

  /** For everyone: who has a wrong clock has no certificate that is accepted, and the time is what he lacks. */
  async #ping(): Promise<PingReply> {
    const { federation, cluster, id, clock } = this.#options;
    return { federation, cluster, id: id.uri, timeMs: clock.now(), protocolVersion };
  }

  #admission(): Admission {
    const admission = this.#options.admission();
    if (admission) return admission;
    throw new IsthmusError('REGISTRY_UNAVAILABLE', {
      what: 'This gateway can not admit anyone at present',
      fix: 'Try again once it is connected to its registry.',
    });
  }

  #unary<Req, Res extends object>(
    answer: (request: Req, caller: Caller) => Promise<Res | JoinReply>,
    changes?: (request: Req) => Pick<FederationAct, 'call' | 'object' | 'tokenId'>,
  ): handleUnaryCall<Req, Res | JoinReply> {
    const acted = async (call: ServerUnaryCall<Req, unknown>, error?: IsthmusError) => {
      const asked = changes?.(call.request);
      const [caller, path] = [callerOf(call), call.getPath()];
      if (asked?.call === 'Preview' && !isTokenCode(error?.code ?? '')) return;
      if (asked) await this.#options.acted({ ...asked, path, caller, error });
    };
    return (call, reply) => {
      // Wrapped, so that what `answer` throws at once is answered like what it rejects with.
      Promise.resolve()
        .then(() => answer(call.request, callerOf(call)))
        .then(
          async (result) => {
            await acted(call);
            reply(null, result);
          },
          async (thrown) => {
            const error = asIsthmusError(thrown);
            const level = error.code === 'INTERNAL' ? 'error' : 'info';
            const { address } = callerOf(call);
            this.#options.log[level](
              { err: error, method: call.getPath(), address },
              'call refused',
            );
            if (isTokenCode(error.code)) this.#options.tokenRefused(error.code, address);
            await acted(call, error);
            reply(toStatus(outward(thrown)));
          },
        );
    };
  }
}

/** A call that knows its connection's caller. */
class CallerCall extends ServerInterceptingCall {
  readonly #context: CallerContext;

  constructor(
    call: ConstructorParameters<typeof ServerInterceptingCall>[0],
    context: CallerContext,
  ) {
    super(call);
    this.#context = context;
  }

  override getAuthContext(): CallerContext {
    return this.#context;
  }
}

function callerOf(call: ServerUnaryCall<unknown, unknown>): Caller {
  const { caller } = call.getAuthContext() as Partial<CallerContext>;
  return caller ?? { id: undefined, address: 'unknown' };
}

/** Throws PEER_REFUSED for anyone but the gateway of a member. */
function requireGateway({ id, address }: Caller): SpiffeId {
  if (id?.path.startsWith('/gateway/')) return id;
  throw new IsthmusError('PEER_REFUSED', {
    what: id ? `${id.uri} is not a gateway` : `The caller at ${address} showed no certificate`,
  });
}
