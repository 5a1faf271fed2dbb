/** Owns the tokens that were verified, by their digests: two generations, of which the older one is forgotten when the younger one is full. */

export class TokenCache<T> {
  readonly #most: number;
  #revision = 0;
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  /** Holds at most twice `most`. */
  constructor(most: number) {
    this.#most = most;
  }

  get(digest: string): T | undefined {
    const young = this.#young.get(digest);
    if (young !== undefined) return young;
    const old = this.#old.get(digest);
    if (old !== undefined) this.set(digest, old);
    return old;
  }

  set(digest: string, value: T): void {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(digest, value);
  }

  /** Forgets all that were verified by other keys than those of that revision. */
  follow(revision: number): void {
    if (this.#revision === revision) return;
    this.#revision = revision;
    this.#young.clear();
    this.#old.clear();
  }
}
