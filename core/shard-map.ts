/** Owns a persistent map: each change gives a new map and leaves the old one as it was, at a cost that does not grow with its size. */

const shardCount = 1024;

/**
 * An immutable string-keyed map of `shardCount` small maps. A change copies one shard and the list of
 * shards, so a snapshot of 30,000 services is replaced in microseconds while readers keep the old one.
 */
export class ShardMap<V> {
  readonly size: number;
  readonly #shards: readonly (ReadonlyMap<string, V> | undefined)[];

  private constructor(shards: readonly (ReadonlyMap<string, V> | undefined)[], size: number) {
    this.#shards = shards;
    this.size = size;
  }

  static empty<V>(): ShardMap<V> {
    return new ShardMap<V>(new Array(shardCount).fill(undefined), 0);
  }

  get(key: string): V | undefined {
    return this.#shards[shardOf(key)]?.get(key);
  }

  /** Applies several changes at once; `undefined` deletes. Returns this very map when nothing changed. */
  with(changes: Iterable<readonly [string, V | undefined]>): ShardMap<V> {
    const copied = new Map<number, Map<string, V>>();
    let size = this.size;
    for (const [key, value] of changes) {
      const index = shardOf(key);
      const current = copied.get(index) ?? this.#shards[index];
      if (current?.get(key) === value && (value !== undefined || !current?.has(key))) continue;
      const shard = copied.get(index) ?? new Map(this.#shards[index]);
      copied.set(index, shard);
      const before = shard.size;
      if (value === undefined) shard.delete(key);
      else shard.set(key, value);
      size += shard.size - before;
    }
    if (copied.size === 0) return this;
    const shards = this.#shards.slice();
    for (const [index, shard] of copied) shards[index] = shard;
    return new ShardMap(shards, size);
  }

  *[Symbol.iterator](): IterableIterator<[string, V]> {
    for (const shard of this.#shards) if (shard) yield* shard;
  }

  *values(): IterableIterator<V> {
    for (const shard of this.#shards) if (shard) yield* shard.values();
  }
}

/** FNV-1a, folded to a shard index. */
function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash >>> 16) ^ hash) & (shardCount - 1);
}
