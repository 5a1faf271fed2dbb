/**
 * Owns what is under way to destinations, counted by a gateway's workers in memory that they share. Each worker adds in cells of
 * its own, and whoever asks sums: so nothing is lost when a worker dies, and no two of them write one cell. Of workers that ask in
 * the same moment each may see room for one more: a limit is exceeded by one for each further worker, at most.
 */
import { hash } from 'node:crypto';

const kinds = ['connections', 'pending', 'requests', 'retries'] as const;
export type Counted = (typeof kinds)[number];

/** Most destinations that are counted together. Of those beyond, each worker counts its own alone. */
const maxRows = 1024;

/** Shared by the workers of a gateway. */
export interface BreakerMemory {
  readonly workers: number;
  /** The destination of each row; 0 = it is free. */
  readonly keys: BigInt64Array<SharedArrayBuffer>;
  readonly cells: Int32Array<SharedArrayBuffer>;
}

export function breakerMemory(workers: number): BreakerMemory {
  return {
    workers,
    keys: new BigInt64Array(new SharedArrayBuffer(8 * maxRows)),
    cells: new Int32Array(new SharedArrayBuffer(4 * maxRows * workers * kinds.length)),
  };
}

/** The counts of one destination. */
export class BreakerRow {
  readonly #cells: Int32Array;
  readonly #own: number;
  readonly #end: number;
  readonly #start: number;

  constructor(cells: Int32Array, start: number, workers: number, worker: number) {
    this.#cells = cells;
    this.#start = start;
    this.#end = start + workers * kinds.length;
    this.#own = start + worker * kinds.length;
  }

  /** Of all workers. */
  total(counted: Counted): number {
    let sum = 0;
    for (let at = this.#start + kinds.indexOf(counted); at < this.#end; at += kinds.length) {
      sum += Atomics.load(this.#cells, at);
    }
    return sum;
  }

  add(counted: Counted, count: 1 | -1): void {
    Atomics.add(this.#cells, this.#own + kinds.indexOf(counted), count);
  }
}

export class BreakerTable {
  readonly #memory: BreakerMemory;
  readonly #worker: number;
  /** By destination: routes of one service count together. */
  readonly #rows = new Map<string, BreakerRow>();

  /** `worker`: its number, from 0. What the worker of that number had under way before is over. */
  constructor(memory: BreakerMemory = breakerMemory(1), worker = 0) {
    this.#memory = memory;
    this.#worker = worker;
    const { cells, workers } = memory;
    const step = workers * kinds.length;
    for (let at = worker * kinds.length; at < cells.length; at += step) {
      for (let i = at; i < at + kinds.length; i++) if (cells[i] !== 0) Atomics.store(cells, i, 0);
    }
  }

  row(destination: string): BreakerRow {
    return this.#rows.getOrInsertComputed(destination, () => this.#find(destination));
  }

  #find(destination: string): BreakerRow {
    const { keys, cells, workers } = this.#memory;
    const key = hash('sha256', destination, 'buffer').readBigInt64LE() || 1n;
    const first = Number(BigInt.asUintN(32, key)) % maxRows;
    for (let i = 0; i < maxRows; i++) {
      const row = (first + i) % maxRows;
      const there = Atomics.compareExchange(keys, row, 0n, key);
      if (there !== 0n && there !== key) continue;
      return new BreakerRow(cells, row * workers * kinds.length, workers, this.#worker);
    }
    return new BreakerRow(new Int32Array(kinds.length), 0, 1, 0);
  }
}
