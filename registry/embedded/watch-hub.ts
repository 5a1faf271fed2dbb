/** Owns the watchers: each gets every change of its range once and in order, at the pace its connection takes. */
import { type Mvcc, rangeHas } from './mvcc.ts';
import type { Header, KvEvent, WatchCreateRequest, WatchResponse } from './rpc.ts';

/** Changes read from disk at once for a watcher that is behind; clients of gRPC take 4 MiB by default. */
const catchUpBytes = 1024 * 1024;
/** etcd's id of answers that concern the whole stream. */
const wholeStream = -1;

/** Takes a stream's responses. */
interface WatchSink {
  /** Sends; false when the sink is full, after which `drained` is called once it is not. */
  send(response: WatchResponse): boolean;
}

interface Watcher {
  readonly id: number;
  readonly range: WatchCreateRequest;
  readonly progressNotify: boolean;
  /** The first revision not yet sent. */
  next: number;
  /** Nothing was sent since the last progress notification was due. */
  idle: boolean;
}

export class WatchHub {
  readonly #mvcc: Mvcc;
  readonly #header: () => Header;
  readonly #streams = new Set<WatchStream>();

  constructor(mvcc: Mvcc, header: () => Header) {
    this.#mvcc = mvcc;
    this.#header = header;
    mvcc.onCommit = (revision, events) => {
      for (const stream of this.#streams) stream.publish(revision, events);
    };
  }

  open(sink: WatchSink): WatchStream {
    const stream = new WatchStream(this.#mvcc, this.#header, sink, () =>
      this.#streams.delete(stream),
    );
    this.#streams.add(stream);
    return stream;
  }

  /** Sends progress to watchers that asked for it and had nothing else since the last time. */
  notifyProgress(): void {
    for (const stream of this.#streams) stream.notifyProgress();
  }
}

/**
 * The watchers of one gRPC stream. A full sink stops them; they go on from the history on disk when it has
 * drained, so that a slow client costs no memory, and is told so if that history was compacted meanwhile.
 */
class WatchStream {
  readonly #mvcc: Mvcc;
  readonly #header: () => Header;
  readonly #sink: WatchSink;
  readonly #forget: () => void;
  readonly #watchers = new Map<number, Watcher>();
  #nextId = 0;
  #full = false;
  #progressWanted = false;

  constructor(mvcc: Mvcc, header: () => Header, sink: WatchSink, forget: () => void) {
    this.#mvcc = mvcc;
    this.#header = header;
    this.#sink = sink;
    this.#forget = forget;
  }

  create(request: WatchCreateRequest): void {
    const wanted = Number(request.watch_id);
    if (this.#watchers.has(wanted) && wanted !== 0) {
      this.refuse('etcdserver: duplicate watch ID provided on the WatchStream');
      return;
    }
    while (this.#watchers.has(this.#nextId)) this.#nextId += 1;
    const id = wanted !== 0 ? wanted : this.#nextId++;
    const start = Number(request.start_revision);
    const watcher: Watcher = {
      id,
      // In a watch, as in a range, an empty key stands for the lowest.
      range: request.key.length > 0 ? request : { ...request, key: Buffer.from([0]) },
      progressNotify: request.progress_notify,
      next: start > 0 ? start : this.#mvcc.revision + 1,
      idle: true,
    };
    this.#watchers.set(id, watcher);
    this.#send({ header: this.#header(), watch_id: id, created: true });
    this.#catchUp(watcher);
  }

  /** Answers a creation with a refusal, as etcd does. */
  refuse(reason: string): void {
    this.#send({
      header: this.#header(),
      watch_id: wholeStream,
      created: true,
      canceled: true,
      cancel_reason: reason,
    });
  }

  cancel(id: number): void {
    if (!this.#watchers.delete(id)) return;
    this.#send({ header: this.#header(), watch_id: id, canceled: true });
  }

  /** Asks for one answer that tells the revision every watcher of the stream has reached. */
  requestProgress(): void {
    this.#progressWanted = true;
    this.#answerProgress();
  }

  publish(revision: number, events: readonly KvEvent[]): void {
    for (const watcher of this.#watchers.values()) {
      if (this.#full) return;
      if (watcher.next !== revision) continue;
      watcher.next = revision + 1;
      this.#sendEvents(
        watcher,
        events.filter(({ kv }) => rangeHas(watcher.range, kv.key)),
      );
    }
  }

  notifyProgress(): void {
    for (const watcher of this.#watchers.values()) {
      if (this.#full) return;
      const { idle } = watcher;
      watcher.idle = true;
      if (watcher.progressNotify && idle && this.#isSynced(watcher)) {
        this.#send({ header: this.#header(), watch_id: watcher.id });
      }
    }
  }

  /** The sink takes responses again. */
  drained(): void {
    this.#full = false;
    for (const watcher of [...this.#watchers.values()]) this.#catchUp(watcher);
    this.#answerProgress();
  }

  close(): void {
    this.#watchers.clear();
    this.#forget();
  }

  #isSynced({ next }: Watcher): boolean {
    return next > this.#mvcc.revision;
  }

  #catchUp(watcher: Watcher): void {
    while (!this.#full && !this.#isSynced(watcher)) {
      if (watcher.next < this.#mvcc.compacted) {
        this.#watchers.delete(watcher.id);
        this.#send({
          header: this.#header(),
          watch_id: watcher.id,
          canceled: true,
          compact_revision: this.#mvcc.compacted,
        });
        return;
      }
      const { events, upTo } = this.#mvcc.changes(watcher.range, watcher.next, catchUpBytes);
      watcher.next = upTo + 1;
      this.#sendEvents(watcher, events);
    }
  }

  #sendEvents(watcher: Watcher, events: readonly KvEvent[]): void {
    const { filters, prev_kv: withPrevious } = watcher.range;
    const wanted = events.filter(
      ({ type }) => !filters.includes(type === 'PUT' ? 'NOPUT' : 'NODELETE'),
    );
    if (wanted.length === 0) return;
    watcher.idle = false;
    this.#send({
      header: this.#header(),
      watch_id: watcher.id,
      events: withPrevious ? wanted.map((event) => this.#withPrevious(event)) : wanted,
    });
  }

  #withPrevious(event: KvEvent): KvEvent {
    const before = this.#mvcc.before(event.kv.key, event.kv.mod_revision);
    return before === undefined ? event : { ...event, prev_kv: before };
  }

  #answerProgress(): void {
    if (!this.#progressWanted || this.#full) return;
    if (![...this.#watchers.values()].every((watcher) => this.#isSynced(watcher))) return;
    this.#progressWanted = false;
    this.#send({ header: this.#header(), watch_id: wholeStream });
  }

  #send(response: WatchResponse): void {
    if (!this.#sink.send(response)) this.#full = true;
  }
}
