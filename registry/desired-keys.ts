/** Owns the difference between the keys a session wants and what the registry is known to hold. */
import type { IsthmusError } from '../core/errors.ts';
import { FairQueue } from './fair-queue.ts';
import {
  type Compare,
  maxTxnOps,
  type Store,
  type StoredValue,
  type TxnResult,
  type WriteOp,
} from './store.ts';

/** The value that a key should have; `persistent` keys are not under the lease. */
interface Wish {
  readonly value: string | Uint8Array;
  readonly persistent: boolean;
}

interface Entry {
  readonly key: string;
  /** Undefined: the key should be gone. */
  wish: Wish | undefined;
  /** Revision of the last change we know of, or guess it to be, 0 when the key does not exist; undefined before it was read. */
  seen: number | undefined;
  isGuessed: boolean;
  /** Was in a batch the registry refused; travels alone, to find the one that is at fault. */
  suspect: boolean;
}

/** Well under etcd's 1.5 MiB for a request. */
const maxBatchBytes = 1_000_000;

export class DesiredKeys {
  /** In the order they were first wanted. */
  readonly #entries = new Map<string, Entry>();
  /** By service, and whatever else has a folder: a flood of registrations of one holds up no other. */
  readonly #dirty = new FairQueue<Entry>(({ key }) => key.slice(0, key.lastIndexOf('/')));
  /**
   * Whether a key wanted for the first time is taken to be as it was last heard of, or for a new one, and written without being read
   * first. A wrong guess only costs the transaction, whose comparisons fail; after one, keys are read until all are in line.
   */
  #guessing = true;
  readonly #heardOf: (key: string) => number | undefined;
  /** Keys the registry would not take, with its reason; not tried again before `retryRefused`. */
  readonly refused = new Map<string, IsthmusError>();

  /** `heardOf`: the revision that a key is said to have, undefined where nobody has heard of it. */
  constructor(heardOf: (key: string) => number | undefined = () => undefined) {
    this.#heardOf = heardOf;
  }

  /** Keys that differ from the registry, as far as known. */
  get pending(): number {
    return this.#dirty.size;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Sets what a key should hold (undefined: nothing). False when that is no change. */
  want(key: string, wish: Wish | undefined): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      const isGuessed = this.#guessing && wish !== undefined;
      const seen = isGuessed ? (this.#heardOf(key) ?? 0) : undefined;
      const added = { key, wish, seen, isGuessed, suspect: false };
      this.#entries.set(key, added);
      this.#dirty.add(added);
      return true;
    }
    if (sameWish(entry.wish, wish)) return false;
    entry.wish = wish;
    this.refused.delete(key);
    this.#dirty.add(entry);
    return true;
  }

  /** Believes nothing any more: every key is read again before it is written. */
  forgetAll(): void {
    this.doubt(this.#entries.keys());
  }

  /** Whether the registry holds what `key` should, as far as known. */
  holds(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry?.wish !== undefined && !this.#dirty.has(entry) && !this.refused.has(key);
  }

  /** Whether `key` should hold just this. */
  wantsThis(key: string, value: Uint8Array): boolean {
    const wish = this.#entries.get(key)?.wish;
    return wish !== undefined && sameBytes(wish.value, value);
  }

  /** Whether `key` should hold something. */
  wants(key: string): boolean {
    return this.#entries.get(key)?.wish !== undefined;
  }

  /** Somebody else deleted or wrote these, perhaps: those that are wanted are read again. */
  doubt(keys: Iterable<string>): void {
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      entry.seen = undefined;
      if (!this.refused.has(key)) this.#dirty.add(entry);
    }
  }

  retryRefused(): void {
    for (const key of this.refused.keys()) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) this.#dirty.add(entry);
    }
    this.refused.clear();
  }

  /** Some of the keys that differ: as many as fit a transaction. */
  nextBatch(): Batch {
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#dirty) {
      bytes += entry.key.length * 2 + (entry.wish?.value.length ?? 0);
      const full = entries.length === maxTxnOps || bytes > maxBatchBytes || entry.suspect;
      if (full && entries.length > 0) break;
      entries.push(entry);
      if (entry.suspect) break;
    }
    return new Batch(entries, {
      done: (entry) => {
        this.#dirty.delete(entry);
        if (entry.wish === undefined && entry.seen === 0) this.#entries.delete(entry.key);
        if (this.#dirty.size === 0) this.#guessing = true;
      },
      mistaken: () => {
        this.#guessing = false;
        for (const entry of this.#dirty) if (entry.isGuessed) entry.seen = undefined;
      },
      refuse: (entry, error) => {
        this.#dirty.delete(entry);
        this.refused.set(entry.key, error);
      },
    });
  }

  /**
   * Transactions that delete the leased keys: last wanted first, the very first alone at the end. Each
   * holds only if nobody else took its keys over; what stays is left to the revocation of the lease.
   */
  withdrawals(): Transaction[] {
    const entries = [...this.#entries.values()]
      .filter(({ wish, seen }) => wish?.persistent === false && seen !== undefined && seen > 0)
      .reverse();
    const last = entries.splice(-1);
    const batches: Entry[][] = [];
    while (entries.length > 0) batches.push(entries.splice(0, maxTxnOps));
    if (last.length > 0) batches.push(last);
    return batches.map((batch) => ({
      compares: batch.map(({ key, seen }) => ({ key, modRevision: seen ?? 0 })),
      ops: batch.map(({ key }) => ({ op: 'delete', key })),
    }));
  }
}

interface Transaction {
  readonly compares: Compare[];
  readonly ops: WriteOp[];
}

/** Deletes keys together; where somebody else has taken one over, the others one by one. Throws what the store throws. */
export async function withdraw(
  store: Pick<Store, 'txn'>,
  { compares, ops }: Transaction,
): Promise<void> {
  const { succeeded } = await store.txn(compares, ops);
  if (succeeded || ops.length === 1) return;
  for (let i = 0; i < ops.length; i++) {
    await store.txn(compares.slice(i, i + 1), ops.slice(i, i + 1));
  }
}

interface Outcome {
  done(entry: Entry): void;
  /** Something had changed under us, or a guess was wrong. */
  mistaken(): void;
  refuse(entry: Entry, error: IsthmusError): void;
}

/** One transaction's worth of keys on its way. A key wanted differently meanwhile stays pending. */
class Batch {
  readonly #entries: readonly Entry[];
  readonly #outcome: Outcome;
  readonly #settled = new Set<Entry>();
  #sent: [Entry, Wish | undefined][] = [];

  constructor(entries: readonly Entry[], outcome: Outcome) {
    this.#entries = entries;
    this.#outcome = outcome;
  }

  /** The keys whose value in the registry is not known. */
  unread(): string[] {
    return this.#entries.filter(({ seen }) => seen === undefined).map(({ key }) => key);
  }

  /** Takes in what the registry holds for `keys`; one that is as wanted is done. */
  read(keys: readonly string[], values: readonly (StoredValue | undefined)[], lease: string): void {
    const found = new Map(keys.map((key, i) => [key, values[i]]));
    for (const entry of this.#entries) {
      if (!found.has(entry.key)) continue;
      const stored = found.get(entry.key);
      entry.seen = stored?.modRevision ?? 0;
      entry.isGuessed = false;
      if (agrees(stored, entry.wish, lease)) {
        this.#settled.add(entry);
        this.#outcome.done(entry);
      }
    }
  }

  /** The transaction that brings the other keys in line, valid only if nobody changed them since. */
  writes(lease: string): Transaction {
    this.#sent = [];
    for (const entry of this.#entries) {
      if (this.#settled.has(entry)) continue;
      if (entry.wish === undefined && entry.seen === 0) this.#outcome.done(entry);
      else this.#sent.push([entry, entry.wish]);
    }
    return {
      compares: this.#sent.map(([{ key, seen }]) => ({ key, modRevision: seen ?? 0 })),
      ops: this.#sent.map(([{ key }, wish]) =>
        wish === undefined
          ? { op: 'delete', key }
          : { op: 'put', key, value: wish.value, ...(wish.persistent ? {} : { lease }) },
      ),
    };
  }

  /** Takes in the transaction's result. When a key had changed under us, all are read again. */
  written({ succeeded, revision }: TxnResult): void {
    if (!succeeded) {
      this.forget();
      this.#outcome.mistaken();
      return;
    }
    for (const [entry, wish] of this.#sent) {
      entry.seen = wish === undefined ? 0 : revision;
      entry.isGuessed = false;
      entry.suspect = false;
      if (entry.wish === wish) this.#outcome.done(entry);
    }
  }

  /** The transaction may or may not have been applied. */
  forget(): void {
    for (const entry of this.#entries) entry.seen = undefined;
  }

  /** The registry would not take the batch: its keys travel alone from now on, and one that did is set aside. */
  refuse(error: IsthmusError): void {
    const [only, ...others] = this.#entries;
    if (only !== undefined && others.length === 0) this.#outcome.refuse(only, error);
    else for (const entry of this.#entries) entry.suspect = true;
  }
}

function sameWish(a: Wish | undefined, b: Wish | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.persistent === b.persistent && sameBytes(a.value, b.value);
}

function agrees(stored: StoredValue | undefined, wish: Wish | undefined, lease: string): boolean {
  if (stored === undefined || wish === undefined) return stored === undefined && wish === undefined;
  return stored.lease === (wish.persistent ? '0' : lease) && sameBytes(stored.value, wish.value);
}

function sameBytes(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  return Buffer.from(a as string).equals(Buffer.from(b as string));
}
