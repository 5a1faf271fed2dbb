/** Owns one etcd watch over one gRPC stream: fragments joined, revisions whole, and one end. */
import {
  type IEvent,
  type IKeyValue,
  type IWatchResponse,
  KVClient,
  WatchClient,
} from 'etcd3/lib/rpc.js';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { EtcdConnection } from './etcd-connection.ts';
import { cancelledWatch, etcdTexts } from './etcd-errors.ts';
import { prefixEnd } from './range.ts';
import type { StoredValue, Watch, WatchEvent, WatchHandler } from './store.ts';

type Stream = Awaited<ReturnType<WatchClient['watch']>>;

/** etcd answers a progress request with this id, for it concerns the stream and not one watch. */
const streamWideId = '-1';

export function storedValue(kv: IKeyValue): StoredValue {
  return {
    key: kv.key.toString(),
    value: kv.value,
    createRevision: Number(kv.create_revision),
    modRevision: Number(kv.mod_revision),
    version: Number(kv.version),
    lease: kv.lease,
  };
}

function watchEvent({ type, kv }: IEvent): WatchEvent {
  return type === 'Put'
    ? { type: 'put', value: storedValue(kv) }
    : { type: 'delete', key: kv.key.toString(), modRevision: Number(kv.mod_revision) };
}

/** See `Store.watch`. A stream the registry has not confirmed within `deadlineMs` ends with TIMED_OUT. */
export class EtcdWatch implements Watch {
  readonly #connection: EtcdConnection;
  readonly #prefix: string;
  readonly #handler: WatchHandler;
  readonly #fromRevision: number;
  readonly #cancelDeadline: () => void;
  #stream: Stream | undefined;
  #over = false;
  /** Everything up to here has been handed to the handler. */
  #delivered: number;
  #fragments: IEvent[] = [];

  constructor(
    connection: EtcdConnection,
    prefix: string,
    fromRevision: number,
    handler: WatchHandler,
    timing: { readonly clock: Clock; readonly deadlineMs: number },
  ) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#handler = handler;
    this.#fromRevision = fromRevision;
    this.#delivered = fromRevision - 1;
    this.#cancelDeadline = timing.clock.after(timing.deadlineMs, () => {
      const what = `The registry did not start the watch within ${timing.deadlineMs} ms`;
      this.#broke(this.#stream ?? this, new IsthmusError('TIMED_OUT', { what, where: prefix }));
    });
    void this.#open();
  }

  requestProgress(): void {
    this.#stream?.write({ progress_request: {} });
  }

  close(): void {
    this.#over = true;
    this.#cancelDeadline();
    this.#stream?.cancel();
  }

  async #open(): Promise<void> {
    const prefix = this.#prefix;
    const connection = this.#connection;
    try {
      const stream = await new WatchClient(connection).watch();
      this.#stream = stream;
      stream.on('error', (error) => this.#broke(stream, error));
      stream.on('end', () => {
        const error = { what: 'The watch stream ended', where: connection.endpointOf(stream) };
        this.#broke(stream, new IsthmusError('REGISTRY_UNAVAILABLE', error));
      });
      stream.on('data', (response) => this.#receive(stream, response));
      if (this.#over) {
        stream.cancel();
        return;
      }
      stream.write({
        create_request: {
          key: Buffer.from(prefix),
          range_end: prefixEnd(prefix),
          start_revision: this.#fromRevision,
          progress_notify: true,
          fragment: true,
        },
      });
    } catch (thrown) {
      this.#end(asIsthmusError(thrown));
    }
  }

  #receive(stream: Stream, response: IWatchResponse): void {
    if (this.#over) return;
    if (response.canceled) {
      void this.#canceled(stream, response);
      return;
    }
    this.#connection.streamAnswered();
    const revision = Number(response.header.revision);
    if (response.created) {
      this.#cancelDeadline();
      // A registry restored from a backup is behind us and would stay silent until it caught up.
      if (revision < this.#delivered) this.#end(behind(revision, this.#delivered));
      else this.#handler.progress(this.#delivered);
    } else if (response.watch_id === streamWideId) {
      // etcd before 3.4.25 may answer a progress request ahead of events, so it proves life and nothing more.
      this.#handler.progress(this.#delivered);
    } else if (response.events.length === 0 && this.#fragments.length === 0) {
      this.#delivered = Math.max(this.#delivered, revision);
      this.#handler.progress(this.#delivered);
    } else {
      for (const event of response.events) this.#fragments.push(event);
      if (!response.fragment) this.#deliver();
    }
  }

  /** One response may carry several revisions; one revision never spans responses that are not fragments. */
  #deliver(): void {
    const events = this.#fragments.map(watchEvent);
    this.#fragments = [];
    for (let start = 0; start < events.length && !this.#over; ) {
      const revision = revisionOf(events[start]);
      let end = start + 1;
      while (end < events.length && revisionOf(events[end]) === revision) end += 1;
      this.#delivered = revision;
      this.#handler.events(events.slice(start, end), revision);
      start = end;
    }
  }

  async #canceled(stream: Stream, response: IWatchResponse): Promise<void> {
    const compacted = Number(response.compact_revision);
    if (compacted > 0) {
      this.#connection.streamAnswered();
      const what = `${etcdTexts.compacted} (up to ${compacted})`;
      this.#end(new IsthmusError('REGISTRY_COMPACTED', { what }));
      return;
    }
    const error = cancelledWatch(response.cancel_reason, this.#connection.endpointOf(stream));
    this.#connection.streamRefused(stream, error);
    // etcd before 3.4.22 says that of a token it forgot as well. A read tells which, and has the token replaced.
    if (error.code === 'REGISTRY_DENIED') await this.#probe();
    this.#end(error);
  }

  async #probe(): Promise<void> {
    const key = Buffer.from(this.#prefix);
    const range = { key, range_end: prefixEnd(this.#prefix), limit: 1, keys_only: true };
    // The answer itself does not matter: the connection has heard that there is one.
    await new KVClient(this.#connection).range(range).catch(() => undefined);
  }

  #broke(stream: object, thrown: unknown): void {
    if (!this.#over) this.#end(this.#connection.streamFailed(stream, thrown));
  }

  #end(error: IsthmusError): void {
    if (this.#over) return;
    this.close();
    this.#handler.ended(error);
  }
}

function revisionOf(event: WatchEvent | undefined): number {
  return event?.type === 'put' ? event.value.modRevision : (event?.modRevision ?? 0);
}

function behind(revision: number, delivered: number): IsthmusError {
  const what = `The registry is at revision ${revision}, behind ${delivered} which it reached before`;
  return new IsthmusError('REGISTRY_FUTURE_REVISION', { what });
}
