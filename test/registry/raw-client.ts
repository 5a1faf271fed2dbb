/** Owns etcd's bare RPCs for tests that need more than the product's client says. */
import * as grpc from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import { serviceDefinition } from '../../registry/embedded/rpc.ts';

interface RawKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
}

interface RawRange {
  readonly kvs: RawKeyValue[];
  readonly more: boolean;
  readonly count: string;
}

interface RawTxn {
  readonly succeeded: boolean;
  readonly responses: {
    readonly response_range?: RawRange;
    readonly response_put?: { readonly prev_kv?: RawKeyValue };
  }[];
}

interface RawWatchResponse {
  readonly watch_id: string;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly cancel_reason: string;
  readonly compact_revision: string;
  readonly events: {
    readonly type: 'PUT' | 'DELETE';
    readonly kv: RawKeyValue;
    readonly prev_kv?: RawKeyValue;
  }[];
}

interface RawWatchStream {
  readonly responses: RawWatchResponse[];
  write(request: object): void;
  pause(): void;
  resume(): void;
  cancel(): void;
}

export interface RawClient {
  range(request: object): Promise<RawRange>;
  put(request: object): Promise<object>;
  deleteRange(request: object): Promise<{ readonly deleted: string }>;
  txn(request: object): Promise<RawTxn>;
  compact(revision: number): Promise<object>;
  timeToLive(
    lease: string,
  ): Promise<{ readonly TTL: string; readonly grantedTTL: string; readonly keys: Buffer[] }>;
  watch(): RawWatchStream;
}

/** Speaks to `address` (`host:port`); closed when the test ends. */
export function rawClient(
  t: Pick<ExecutionContext, 'teardown'>,
  address: string,
  credentials: grpc.ChannelCredentials = grpc.credentials.createInsecure(),
  options: grpc.ClientOptions = {},
): RawClient {
  const client = (name: 'KV' | 'Lease' | 'Watch') => {
    const Client = grpc.makeGenericClientConstructor(serviceDefinition(name), name);
    const made = new Client(address, credentials, options);
    t.teardown(() => made.close());
    return made;
  };
  const [kv, leases, watches] = [client('KV'), client('Lease'), client('Watch')];
  const ask = <T>(on: typeof kv, method: string, request: object): Promise<T> =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + 10_000;
      on[method]?.(request, { deadline }, (error: Error | null, response: T) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  return {
    range: (request) => ask(kv, 'Range', request),
    put: (request) => ask(kv, 'Put', request),
    deleteRange: (request) => ask(kv, 'DeleteRange', request),
    txn: (request) => ask(kv, 'Txn', request),
    compact: (revision) => ask(kv, 'Compact', { revision }),
    timeToLive: (ID) => ask(leases, 'LeaseTimeToLive', { ID, keys: true }),
    watch() {
      const stream = watches['Watch']?.() as grpc.ClientDuplexStream<object, RawWatchResponse>;
      const responses: RawWatchResponse[] = [];
      stream.on('data', (response: RawWatchResponse) => responses.push(response));
      // Cancelling is how the tests end it.
      stream.on('error', () => {});
      t.teardown(() => stream.cancel());
      return {
        responses,
        write: (request) => stream.write(request),
        pause: () => stream.pause(),
        resume: () => stream.resume(),
        cancel: () => stream.cancel(),
      };
    },
  };
}
