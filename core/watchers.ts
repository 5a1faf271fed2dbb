/** Owns who wants to know that something changed. */

export class Watchers {
  readonly #watchers = new Set<() => void>();

  /** Calls `watcher` with each change; returns a function that stops that. */
  add(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  readonly changed = (): void => {
    for (const watcher of this.#watchers) watcher();
  };
}
