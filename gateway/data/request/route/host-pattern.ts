/** Owns hosts as a configuration names them, exactly or by `*.`, and looking things up by them. */

/** Labels as in certificates: underscores are none of DNS's, yet there are hosts that have them. */
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Whether it is a DNS name in lower case, or `*.` and one of at least two labels. */
export function isHostPattern(text: string): boolean {
  const isWildcard = text.startsWith('*.');
  const labels = (isWildcard ? text.slice(2) : text).split('.');
  const isLongEnough = labels.length >= (isWildcard ? 2 : 1);
  return isLongEnough && text.length <= 253 && labels.every((part) => label.test(part));
}

/** Values by host. A `*` stands for one label, the first, as it does in certificates (RFC 9525 section 6.3). */
export class HostTable<T> {
  readonly #exact = new Map<string, T>();
  /** By what follows the `*`. */
  readonly #wildcards = new Map<string, T>();

  /** Puts `value` where nothing is yet. */
  add(pattern: string, value: T): void {
    const [map, key] = pattern.startsWith('*.')
      ? [this.#wildcards, pattern.slice(1)]
      : [this.#exact, pattern];
    if (!map.has(key)) map.set(key, value);
  }

  /** The entry for exactly that host. */
  exact(host: string): T | undefined {
    return this.#exact.get(host);
  }

  /** The entry for that host with a `*` in place of its first label. */
  wildcard(host: string): T | undefined {
    const dot = host.indexOf('.');
    return dot <= 0 ? undefined : this.#wildcards.get(host.slice(dot));
  }

  /** The exact one, else the wildcard's. `host` is in lower case and without a port. */
  find(host: string): T | undefined {
    return this.exact(host) ?? this.wildcard(host);
  }
}
