/** Owns a persistent map: each change gives a new map and leaves the old one as it was, at a cost that does not grow with its size. */

/** Shards in a folder, and folders: 4,096 shards. */
const width = 64;

type Shard<V> = ReadonlyMap<string, V> | undefined;
type Folder<V> = readonly Shard<V>[];

/**
 * An immutable string-keyed map of many small maps. A change copies one of them, and two short lists that lead there, so a snapshot of
 * 30,000 services is replaced in microseconds while readers keep the old one.
 */
export class ShardMap<V> {
  readonly size: number;
  readonly #folders: readonly Folder<V>[];

  private constructor(folders: readonly Folder<V>[], size: number) {
    this.#folders = folders;
    this.size = size;
  }

  static empty<V>(): ShardMap<V> {
    const folder: Folder<V> = new Array(width).fill(undefined);
    return new ShardMap<V>(new Array(width).fill(folder), 0);
  }

  get(key: string): V | undefined {
    return this.#shard(indexOf(key))?.get(key);
  }

  /** Applies several changes at once; `undefined` deletes. Returns this very map when nothing changed. */
  with(changes: Iterable<readonly [string, V | undefined]>): ShardMap<V> {
    const copied = new Map<number, Map<string, V>>();
    let size = this.size;
    for (const [key, value] of changes) {
      const index = indexOf(key);
      const current = copied.get(index) ?? this.#shard(index);
      if (current?.get(key) === value && (value !== undefined || !current?.has(key))) continue;
      const shard = copied.get(index) ?? new Map(current);
      copied.set(index, shard);
      const before = shard.size;
      if (value === undefined) shard.delete(key);
      else shard.set(key, value);
      size += shard.size - before;
    }
    if (copied.size === 0) return this;
    const folders = this.#folders.slice();
    const own = new Map<number, Shard<V>[]>();
    for (const [index, shard] of copied) {
      const at = Math.floor(index / width);
      const folder = own.get(at) ?? [...(folders[at] ?? [])];
      own.set(at, folder);
      folder[index % width] = shard;
      folders[at] = folder;
    }
    return new ShardMap(folders, size);
  }

  *[Symbol.iterator](): IterableIterator<[string, V]> {
    for (const folder of this.#folders) for (const shard of folder) if (shard) yield* shard;
  }

  *values(): IterableIterator<V> {
    for (const folder of this.#folders) {
      for (const shard of folder) if (shard) yield* shard.values();
    }
  }

  #shard(index: number): Shard<V> {
    return this.#folders[Math.floor(index / width)]?.[index % width];
  }
}

/** FNV-1a, folded to the index of a shard. */
function indexOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash >>> 16) ^ hash) & (width * width - 1);
}
