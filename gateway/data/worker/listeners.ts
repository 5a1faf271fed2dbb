/** Owns the names of the data side's listeners, and maps that have a value for each. */

/** `tcp.0`, `ingress.0` and so on are those for clients from outside, in the order of the configuration. */
export type DataListener = 'outbound' | 'eastWest' | `tcp.${number}` | `ingress.${number}`;

export type EdgeListener = Exclude<DataListener, 'outbound' | 'eastWest'>;

/** A value for each listener for clients from outside. */
export type PerEdgeListener<T> = { readonly [name in EdgeListener]: T };

/** A value for each listener; outbound and east-west are always there. */
export type PerListener<T> = { readonly outbound: T; readonly eastWest: T } & PerEdgeListener<T>;

/** Where to listen: at an address that several workers share, or on sockets that another process handed on. */
export type ListenAt =
  | { readonly kind: 'address'; readonly address: string; readonly shared: boolean }
  | { readonly kind: 'inherited'; readonly fds: readonly number[] };

/** The address and sockets of a listener. */
export interface Bound {
  /** `host:port`, with the real port. */
  readonly address: string;
  /** Descriptors of the listening sockets, for another process to go on with; empty where the platform keeps them to itself. */
  readonly fds: readonly number[];
}

/** The configuration's key of a listener's address. */
export function listenerKey(name: DataListener): string {
  return name === 'outbound' || name === 'eastWest' ? `listen.${name}` : `${name}.listen`;
}

/** Maps each listener's value by `make`. */
export function mapListeners<T, U>(
  all: PerListener<T>,
  make: (value: T, name: DataListener) => U,
): PerListener<U> {
  const entries = Object.entries(all) as [DataListener, T][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, make(value, name)]),
  ) as PerListener<U>;
}

/** Maps the values of all listeners, or some, one after the other; the first that rejects ends it. */
export async function forEachListener<T, U, All extends Partial<PerListener<T>>>(
  all: All,
  make: (name: DataListener, value: T) => Promise<U>,
): Promise<{ readonly [Name in keyof All]: U }> {
  const made: [DataListener, U][] = [];
  for (const [name, value] of Object.entries(all) as [DataListener, T][]) {
    made.push([name, await make(name, value)]);
  }
  return Object.fromEntries(made) as { readonly [Name in keyof All]: U };
}

/** The listeners for clients from outside. */
export function edgeListenersOf<T>(all: PerListener<T>): [EdgeListener, T][] {
  const { outbound: _o, eastWest: _e, ...edge } = all;
  return Object.entries(edge) as [EdgeListener, T][];
}

/** `tcp` or `ingress`, and the number. */
export function edgeNumber(name: EdgeListener): { kind: 'tcp' | 'ingress'; index: number } {
  const [kind, number] = name.split('.');
  return { kind: kind === 'tcp' ? 'tcp' : 'ingress', index: Number(number) };
}
