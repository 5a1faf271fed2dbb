/** Owns the gRPC service of `echo.proto` in tests: a grpc-js server that does what a call's metadata says, and a client of it. */
import { fileURLToPath } from 'node:url';
import {
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  makeGenericClientConstructor,
  type requestCallback,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ExecutionContext } from 'ava';

export interface Message {
  readonly text: string;
  readonly payload: Buffer;
}

export interface Summary {
  readonly messages: number;
  /** A decimal number: it has 64 bits. */
  readonly bytes: string;
}

export interface EchoClient extends Client {
  Say(
    message: Partial<Message>,
    metadata: Metadata,
    options: CallOptions,
    answered: requestCallback<Message>,
  ): ClientUnaryCall;
  Collect(
    metadata: Metadata,
    options: CallOptions,
    answered: requestCallback<Summary>,
  ): ClientWritableStream<Partial<Message>>;
  Count(
    request: { to: number },
    metadata: Metadata,
    options: CallOptions,
  ): ClientReadableStream<Message>;
  Chat(metadata: Metadata, options: CallOptions): ClientDuplexStream<Partial<Message>, Message>;
}

const definition = loadSync(fileURLToPath(new URL('./echo.proto', import.meta.url)), {
  defaults: true,
  longs: String,
})['isthmus.test.Echo'] as ServiceDefinition;

/**
 * What a call asks for by its metadata: `fail-with: <status code>` with `fail-details-bin`, `wait: forever`. Whatever
 * else begins with `x-` comes back: in the head, and under `trailer-` in the trailers.
 */
type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'sendMetadata' | 'getDeadline'>;

export interface EchoServer {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Calls that wait for ever, and have not been cancelled or run out of time. */
  readonly waiting: number;
  /** Ends every connection at once, as a crash would. */
  crash(): void;
  /** Milliseconds the last call had left when it arrived; Infinity = it had no deadline. */
  readonly lastTimeLeft: number;
}

class EchoService {
  waiting = 0;
  lastTimeLeft = Number.POSITIVE_INFINITY;

  readonly handlers = {
    Say: ((call, answer) => {
      const { failure, trailers } = this.#begin(call);
      if (failure === 'waits') return;
      answer(failure ?? null, call.request, trailers);
    }) satisfies handleUnaryCall<Message, Message>,

    Collect: ((call, answer) => {
      const { failure, trailers } = this.#begin(call);
      let messages = 0;
      let bytes = 0;
      call.on('data', ({ payload }: Message) => {
        messages++;
        bytes += payload.length;
      });
      call.on('end', () => {
        if (failure !== 'waits') answer(failure ?? null, { messages, bytes }, trailers);
      });
    }) satisfies handleClientStreamingCall<Message, { messages: number; bytes: number }>,

    Count: (async (call) => {
      const { failure, trailers } = this.#begin(call);
      for (let n = 1; n <= call.request.to && !call.cancelled; n++) {
        const hasRoom = call.write({ text: `${n}`, payload: Buffer.alloc(0) });
        if (!hasRoom) await new Promise((resolve) => call.once('drain', resolve));
      }
      if (failure === 'waits') return;
      if (failure !== undefined) call.emit('error', failure);
      else call.end(trailers);
    }) satisfies handleServerStreamingCall<{ to: number }, Message>,

    Chat: ((call) => {
      const { failure, trailers } = this.#begin(call);
      call.on('data', (message: Message) => call.write(message));
      call.on('end', () => {
        if (failure === 'waits') return;
        if (failure !== undefined) call.emit('error', failure);
        else call.end(trailers);
      });
    }) satisfies handleBidiStreamingCall<Message, Message>,
  };

  #begin(call: AnyCall & { once(event: 'cancelled', run: () => void): unknown }) {
    this.lastTimeLeft = Number(call.getDeadline()) - Date.now();
    const asked = call.metadata.getMap();
    const head = new Metadata();
    const trailers = new Metadata();
    for (const [name, value] of Object.entries(asked)) {
      if (!name.startsWith('x-')) continue;
      head.set(name, value);
      trailers.set(`trailer-${name}`, value);
    }
    call.sendMetadata(head);
    if (asked['wait'] === 'forever') {
      this.waiting++;
      call.once('cancelled', () => {
        this.waiting--;
      });
      return { failure: 'waits' as const, trailers };
    }
    const code = asked['fail-with'];
    if (code === undefined) return { failure: undefined, trailers };
    const details = String(asked['fail-details-bin']);
    const failure = Object.assign(new Error(details), {
      code: Number(code),
      details,
      metadata: trailers,
    });
    return { failure, trailers };
  }
}

/** Starts a server that ends with the test. It takes messages of any size. */
export async function startEchoServer(
  t: Pick<ExecutionContext, 'teardown'>,
  credentials = ServerCredentials.createInsecure(),
): Promise<EchoServer> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const service = new EchoService();
  server.addService(definition, service.handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  t.teardown(() => server.forceShutdown());
  return {
    address: `127.0.0.1:${port}`,
    get waiting() {
      return service.waiting;
    },
    crash: () => server.forceShutdown(),
    get lastTimeLeft() {
      return service.lastTimeLeft;
    },
  };
}

const ClientOfEcho = makeGenericClientConstructor(definition, 'Echo');

/** A client that reaches `authority` at `address`; closed with the test. */
export function echoClient(
  t: Pick<ExecutionContext, 'teardown'>,
  address: string,
  authority: string,
  options: ClientOptions = {},
): EchoClient {
  const client = new ClientOfEcho(address, credentials.createInsecure(), {
    'grpc.default_authority': authority,
    'grpc.max_receive_message_length': -1,
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  }) as unknown as EchoClient;
  t.teardown(() => client.close());
  return client;
}
