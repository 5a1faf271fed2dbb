/** Owns what a topic of the live stream is: something that can be looked at again and again. */

/** The state of a topic at one moment. Items are told apart by their key; anything else is one value. */
export type Look =
  | { readonly kind: 'items'; readonly items: readonly object[]; readonly about?: object }
  | { readonly kind: 'value'; readonly value: unknown };

export interface Topic {
  readonly name: string;
  /** Looked at this often, in milliseconds, while anybody reads it. */
  readonly everyMs: number;
  /** Long lists that few want: sent only to readers that name it. Default: to all that name none. */
  readonly isOnRequest?: true;
  /** The key of an item, unique within the topic. */
  key(item: object): string;
  look(): Look | Promise<Look>;
  /** Calls `changed` when a look is worth it at once; returns a function that stops that. */
  watch?(changed: () => void): () => void;
}

/** A topic of items. */
export function itemsTopic<T extends object>(
  name: string,
  everyMs: number,
  key: (item: T) => string,
  items: () => readonly T[] | Promise<readonly T[]>,
  watch?: Topic['watch'],
): Topic {
  return {
    name,
    everyMs,
    key: (item) => key(item as T),
    look: async () => ({ kind: 'items', items: await items() }),
    ...(watch && { watch }),
  };
}

/** A topic of one value. */
export function valueTopic(
  name: string,
  everyMs: number,
  value: () => unknown,
  watch?: Topic['watch'],
): Topic {
  return {
    name,
    everyMs,
    key: () => '',
    look: async () => ({ kind: 'value', value: await value() }),
    ...(watch && { watch }),
  };
}
