/** Owns leases: how long each has left, and deleting its keys in one revision when it runs out. */
import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { etcdTexts } from '../etcd-errors.ts';
import type { Database } from './database.ts';
import type { Mvcc } from './mvcc.ts';
import { invalidArgument, RpcError } from './rpc.ts';

/** etcd's own limit, in seconds. */
const maxTtl = 9_000_000_000;
/** A timer this late means that the process was stopped or starved: its holders could not have kept anything alive. */
const lateMs = 1000;
/** Wait before another attempt to delete the keys of leases that ran out, where the disk did not let us. */
const retryMs = 1000;
/** Longest sleep of the timer: Node's timers hold 31 bits. */
const maxSleepMs = 3_600_000;

interface Lease {
  readonly id: string;
  /** Seconds. */
  readonly ttl: number;
  /** Trust domain that granted it; only it and the host may use it. */
  readonly owner: string;
  /** Monotonic milliseconds. */
  deadline: number;
}

interface LeaseOptions {
  readonly database: Database;
  readonly mvcc: Mvcc;
  readonly clock: Clock;
  readonly log: Log;
}

/** Leases survive a restart, which starts each at its full time again, as in etcd. */
export class Leases {
  readonly #options: LeaseOptions;
  readonly #leases = new Map<string, Lease>();
  #cancelTimer = (): void => {};

  constructor(options: LeaseOptions) {
    this.#options = options;
    const now = options.clock.monotonic();
    for (const row of options.database.prepare('SELECT * FROM leases').all()) {
      const [id, ttl, owner] = [String(row['id']), Number(row['ttl']), String(row['owner'])];
      this.#leases.set(id, { id, ttl, owner, deadline: now + ttl * 1000 });
    }
    this.#schedule();
  }

  /** Grants a lease of `ttl` seconds, at least 1, under `id` or, for '0', one of our choice. */
  grant(ttl: number, id: string, owner: string): Lease {
    if (ttl > maxTtl) throw new RpcError(status.OUT_OF_RANGE, etcdTexts.leaseTtlTooLarge);
    if (this.#leases.has(id)) throw new RpcError(status.FAILED_PRECONDITION, etcdTexts.leaseExists);
    if (BigInt(id) < 0n) throw invalidArgument(etcdTexts.leaseNotFound);
    const seconds = Math.max(1, ttl);
    const lease: Lease = {
      id: id === '0' ? this.#freshId() : id,
      ttl: seconds,
      owner,
      deadline: this.#now() + seconds * 1000,
    };
    this.#options.database
      .prepare('INSERT INTO leases VALUES (?, ?, ?)')
      .run(lease.id, lease.ttl, lease.owner);
    this.#leases.set(lease.id, lease);
    this.#schedule();
    return lease;
  }

  get(id: string): Lease | undefined {
    return this.#leases.get(id);
  }

  /** Throws etcd's error where there is no such lease. */
  require(id: string): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new RpcError(status.NOT_FOUND, etcdTexts.leaseNotFound);
    return lease;
  }

  /** Starts the lease's time again; returns it in seconds, 0 where there is no such lease. */
  keepAlive(id: string): number {
    const lease = this.#leases.get(id);
    if (lease === undefined) return 0;
    lease.deadline = this.#now() + lease.ttl * 1000;
    return lease.ttl;
  }

  /** Whole seconds left, rounded down. */
  remaining({ deadline }: Lease): number {
    return Math.max(0, Math.floor((deadline - this.#now()) / 1000));
  }

  ids(): string[] {
    return [...this.#leases.keys()];
  }

  /** Ends a lease and deletes its keys, in one revision. */
  revoke(id: string): void {
    const lease = this.require(id);
    this.#end(lease);
    this.#schedule();
  }

  close(): void {
    this.#cancelTimer();
  }

  #end({ id }: Lease): void {
    const { mvcc, database } = this.#options;
    mvcc.write((writer) => {
      for (const key of mvcc.keysOf(id)) writer.delete({ key, range_end: Buffer.alloc(0) });
      database.prepare('DELETE FROM leases WHERE id = ?').run(id);
    });
    this.#leases.delete(id);
  }

  #schedule(): void {
    this.#cancelTimer();
    let next = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.#leases.values()) next = Math.min(next, deadline);
    if (next === Number.POSITIVE_INFINITY) return;
    const due = Math.min(next, this.#now() + maxSleepMs);
    this.#cancelTimer = this.#options.clock.after(Math.max(0, due - this.#now()), () =>
      this.#expire(due),
    );
  }

  #expire(due: number): void {
    const now = this.#now();
    const late = now - due;
    for (const lease of [...this.#leases.values()]) {
      if (late > lateMs) lease.deadline += late;
      else if (lease.deadline <= now) this.#tryEnd(lease);
    }
    this.#schedule();
  }

  #tryEnd(lease: Lease): void {
    try {
      this.#end(lease);
    } catch (thrown) {
      this.#options.log.error({ err: thrown, lease: lease.id }, 'could not end a lease');
      lease.deadline = this.#now() + retryMs;
    }
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  #freshId(): string {
    // 63 bits, never 0: etcd's lease ids are positive int64.
    const id = ((randomBytes(8).readBigUInt64BE() >> 1n) | 1n).toString();
    return this.#leases.has(id) ? this.#freshId() : id;
  }
}
