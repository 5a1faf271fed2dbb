/** Owns the names of the data side's listeners, and what is said of each of them. */

/** `tcp.0`, `ingress.0` and so on are those for clients from outside, in the order of the configuration. */
export type DataListener = 'outbound' | 'eastWest' | `tcp.${number}` | `ingress.${number}`;

/** Something of each; the first two are always there. */
export type PerListener<T> = { readonly outbound: T; readonly eastWest: T } & {
  readonly [name in `tcp.${number}` | `ingress.${number}`]: T;
};

/** Where to listen: at an address that several workers share, or on sockets that another process handed on. */
export type ListenAt =
  | { readonly kind: 'address'; readonly address: string; readonly shared: boolean }
  | { readonly kind: 'inherited'; readonly fds: readonly number[] };

/** Where a listener listens. */
export interface Bound {
  /** `host:port`, with the real port. */
  readonly address: string;
  /** Of the listening sockets, for another process to go on with; empty where the platform keeps them to itself. */
  readonly fds: readonly number[];
}

/** The configuration's key of a listener's address. */
export function listenerKey(name: DataListener): string {
  return name === 'outbound' || name === 'eastWest' ? `listen.${name}` : `${name}.listen`;
}

/** The same listeners, each with what `make` makes of it. */
export function mapListeners<T, U>(
  all: PerListener<T>,
  make: (value: T, name: DataListener) => U,
): PerListener<U> {
  const entries = Object.entries(all) as [DataListener, T][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, make(value, name)]),
  ) as PerListener<U>;
}

/** The same, one after the other; the first that rejects ends it. */
export async function forEachListener<T, U>(
  all: PerListener<T>,
  make: (name: DataListener, value: T) => Promise<U>,
): Promise<PerListener<U>> {
  const made: [DataListener, U][] = [];
  for (const [name, value] of Object.entries(all) as [DataListener, T][]) {
    made.push([name, await make(name, value)]);
  }
  return Object.fromEntries(made) as PerListener<U>;
}
