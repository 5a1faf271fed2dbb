/** Owns the registry client: etcd behind the `Store` contract, whether a real etcd or our embedded one. */
import {
  type ILeaseKeepAliveResponse,
  type IRangeResponse,
  KVClient,
  LeaseClient,
  MaintenanceClient,
} from 'etcd3/lib/rpc.js';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { Subscribers } from '../core/subscribers.ts';
import { EtcdConnection } from './etcd-connection.ts';
import { encodeCompare, encodeOp } from './etcd-encoding.ts';
import { concernsAll, etcdTexts } from './etcd-errors.ts';
import { EtcdGuard } from './etcd-guard.ts';
import type { EtcdUser } from './etcd-login.ts';
import { askEndpoints, type EndpointState, type EndpointsOptions } from './etcd-members.ts';
import type { RegistryTls } from './etcd-tls.ts';
import { EtcdWatch, storedValue } from './etcd-watch.ts';
import { prefixEnd } from './range.ts';
import type {
  Compare,
  Lineage,
  Listing,
  Store,
  StoredValue,
  StoreState,
  TxnResult,
  Watch,
  WatchHandler,
  WriteOp,
} from './store.ts';

export type { RegistryTls } from './etcd-tls.ts';

export interface EtcdStoreOptions {
  /** `http://host:port` or `https://host:port`, all of one kind; tried in turn. */
  readonly endpoints: readonly string[];
  readonly tls?: RegistryTls;
  /** One of etcd's own users; asked whenever etcd wants to know. */
  readonly user?: () => Promise<EtcdUser>;
  /** Deadline of every call in milliseconds; default 3000. */
  readonly deadlineMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** How the member that answers fares as a database. */
interface DatabaseState {
  readonly sizeBytes: number;
  readonly inUseBytes: number;
  readonly revision: number;
  /** Its space alarm is raised: it takes no writes. */
  readonly isFull: boolean;
}

export interface EtcdStore extends Store {
  /** REGISTRY_UNGUARDED where a user is configured and etcd does not ask who calls. */
  readonly problem: IsthmusError | undefined;
  /** How the member behind each endpoint is, asked now. */
  endpoints(): Promise<EndpointState[]>;
  database(): Promise<DatabaseState>;
  /** Whether it still tells what there was at a revision; `key`: one that may be read. */
  tells(key: string, revision: number): Promise<boolean>;
  /** Forgets what was before `revision`. Throws REGISTRY_COMPACTED where that is forgotten already. */
  compact(revision: number): Promise<void>;
  /** New connections use this certificate; calls in flight finish on the old connection. */
  setTls(tls: RegistryTls): void;
  /** There is a sign of life: the next call dials, however often that failed before. */
  hurry(): void;
}

export interface PagedStore extends EtcdStore {
  /** All from one key up to another, ascending, at one revision: the given one, or that of the first page. */
  pages(from: Buffer, end: Buffer, revision?: number): AsyncIterable<readonly StoredValue[]>;
}

/** Keys fetched at once; with values of a few hundred bytes a page stays well under gRPC's limits. */
const pageSize = 1000;

/** Opens a client. Connects on first use; throws CONFIG_INVALID or CERT_INVALID for options that can never work. */
export function openEtcdStore(options: EtcdStoreOptions): PagedStore {
  return new EtcdBackedStore(options);
}

class EtcdBackedStore implements PagedStore {
  readonly #connection: EtcdConnection;
  readonly #guard: EtcdGuard | undefined;
  readonly #kv: KVClient;
  readonly #leases: LeaseClient;
  readonly #maintenance: MaintenanceClient;
  /** Where it is, and how this side proves itself there. */
  #access: EndpointsOptions;
  readonly #log: Log;
  readonly #watches = new Set<EtcdWatch>();
  readonly #subscribers = new Subscribers<[state: StoreState]>();
  #state: StoreState = { kind: 'connecting' };

  constructor(options: EtcdStoreOptions) {
    this.#log = options.log;
    const { endpoints, tls, user, clock, deadlineMs = 3000 } = options;
    this.#access = { endpoints, clock, deadlineMs, ...(tls && { tls }), ...(user && { user }) };
    this.#connection = new EtcdConnection({
      ...this.#access,
      report: (error) => this.#report(error),
      notReplaced: (endpoint) =>
        this.#log.warn(
          { endpoint },
          'no connection with the new certificates; the present one stays',
        ),
    });
    if (user !== undefined) {
      const asks = async () => {
        const isAsking = await this.#connection.asksForUsers();
        // A password or token that is good no more shows before it is needed, be the key allowed or not.
        if (isAsking) await this.get('/').catch(() => undefined);
        return isAsking;
      };
      this.#guard = new EtcdGuard({ asks, where: endpoints.join(', '), clock });
    }
    this.#kv = new KVClient(this.#connection);
    this.#leases = new LeaseClient(this.#connection);
    this.#maintenance = new MaintenanceClient(this.#connection);
  }

  get state(): StoreState {
    return this.#state;
  }

  get problem(): IsthmusError | undefined {
    return this.#guard?.problem;
  }

  onState(subscriber: (state: StoreState) => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const { kvs } = await this.#kv.range({ key: Buffer.from(key) });
    return kvs[0] === undefined ? undefined : storedValue(kvs[0]);
  }

  async getMany(keys: readonly string[]): Promise<readonly (StoredValue | undefined)[]> {
    const success = keys.map((key) => ({ request_range: { key: Buffer.from(key) } }));
    const { responses } = await this.#kv.txn({ success });
    return responses.map(({ response_range: { kvs } }) =>
      kvs[0] === undefined ? undefined : storedValue(kvs[0]),
    );
  }

  async list(prefix: string): Promise<Listing> {
    const values: StoredValue[] = [];
    let revision = 0;
    const from = Buffer.from(prefix === '' ? '\0' : prefix);
    for await (const page of this.#pages(from, prefixEnd(prefix), 0)) {
      if (revision === 0) revision = Number(page.header.revision);
      for (const kv of page.kvs) values.push(storedValue(kv));
    }
    return { values, revision };
  }

  async *pages(from: Buffer, end: Buffer, revision = 0): AsyncGenerator<readonly StoredValue[]> {
    for await (const { kvs } of this.#pages(from, end, revision)) yield kvs.map(storedValue);
  }

  /** At `revision`, or where that is 0 at the one that the first page is of. */
  async *#pages(from: Buffer, range_end: Buffer, at: number): AsyncGenerator<IRangeResponse> {
    let [key, revision] = [from, at];
    let page: IRangeResponse;
    do {
      page = await this.#kv.range({ key, range_end, limit: pageSize, revision });
      if (revision === 0) revision = Number(page.header.revision);
      yield page;
      const last = page.kvs.at(-1);
      if (last !== undefined) key = Buffer.concat([last.key, Buffer.from([0])]);
    } while (page.more);
  }

  async txn(compares: readonly Compare[], ops: readonly WriteOp[]): Promise<TxnResult> {
    const result = await this.#kv.txn({
      compare: compares.map(encodeCompare),
      success: ops.map(encodeOp),
    });
    return { succeeded: result.succeeded, revision: Number(result.header.revision) };
  }

  endpoints(): Promise<EndpointState[]> {
    return askEndpoints(this.#access);
  }

  async database(): Promise<DatabaseState> {
    const { header, dbSize, dbSizeInUse, errors } = await this.#maintenance.status();
    return {
      sizeBytes: Number(dbSize),
      inUseBytes: Number(dbSizeInUse),
      revision: Number(header.revision),
      isFull: errors.some((text) => text.includes('NOSPACE')),
    };
  }

  async tells(key: string, revision: number): Promise<boolean> {
    try {
      await this.#kv.range({ key: Buffer.from(key), revision, keys_only: true });
      return true;
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      if (error.code === 'REGISTRY_COMPACTED') return false;
      throw error;
    }
  }

  async compact(revision: number): Promise<void> {
    await this.#kv.compact({ revision });
  }

  async lineage(): Promise<Lineage | undefined> {
    try {
      const { header, raftIndex } = await this.#maintenance.status();
      const advance = Number(raftIndex) - Number(header.revision);
      return { cluster: header.cluster_id, advance };
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      if (concernsAll(error)) throw error;
      return undefined;
    }
  }

  watch(prefix: string, fromRevision: number, handler: WatchHandler): Watch {
    const watch: EtcdWatch = new EtcdWatch(
      this.#connection,
      prefix,
      fromRevision,
      {
        events: (events, revision) => handler.events(events, revision),
        progress: (revision) => handler.progress(revision),
        ended: (error) => {
          this.#watches.delete(watch);
          handler.ended(error);
        },
      },
      this.#access,
    );
    this.#watches.add(watch);
    return {
      requestProgress: () => watch.requestProgress(),
      close: () => {
        this.#watches.delete(watch);
        watch.close();
      },
    };
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    const { ID } = await this.#leases.leaseGrant({ TTL: ttlSeconds });
    return ID;
  }

  /** etcd has no unary keep-alive: one request and one answer over a stream of its own. */
  async keepAlive(lease: string): Promise<number> {
    const stream = await this.#leases.leaseKeepAlive({ deadline: this.#connection.deadline() });
    const answered = new Promise<ILeaseKeepAliveResponse>((resolve, reject) => {
      stream.on('data', resolve);
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('The keep-alive stream ended without an answer')));
    });
    stream.write({ ID: lease });
    let ttl: number;
    try {
      ttl = Number((await answered).TTL);
    } catch (thrown) {
      throw this.#connection.streamFailed(stream, thrown);
    }
    stream.end();
    this.#connection.streamAnswered();
    if (ttl > 0) return ttl;
    throw new IsthmusError('REGISTRY_LEASE_NOT_FOUND', {
      what: etcdTexts.leaseNotFound,
      where: lease,
    });
  }

  async revokeLease(lease: string): Promise<void> {
    await this.#leases.leaseRevoke({ ID: lease });
  }

  setTls(tls: RegistryTls): void {
    this.#connection.setTls(tls);
    this.#access = { ...this.#access, tls };
  }

  hurry(): void {
    this.#connection.hurry();
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
    this.#guard?.close();
    this.#connection.close();
  }

  #report(error?: IsthmusError): void {
    const kind = error === undefined ? 'connected' : 'unavailable';
    if (this.#state.kind === kind) return;
    const since = this.#access.clock.now();
    this.#state =
      error === undefined
        ? { kind: 'connected', since }
        : { kind: 'unavailable', since, problem: error };
    if (error === undefined) {
      this.#log.info('registry connected');
      this.#guard?.look();
    } else this.#log.warn({ err: error }, 'registry unavailable');
    this.#subscribers.tell(this.#state);
  }
}
