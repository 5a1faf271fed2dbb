/** Owns one topic of the live stream as signals: the snapshot, and the deltas laid over it. */
import { computed, type ReadonlySignal, signal } from '@preact/signals';

/** A message of the stream: `snapshot` replaces what is known, `delta` changes it. */
export interface TopicMessage {
  readonly topic: string;
  readonly value?: unknown;
  readonly items?: readonly unknown[];
  readonly upsert?: readonly unknown[];
  readonly remove?: readonly (string | number)[];
  readonly [extra: string]: unknown;
}

export interface Topic {
  readonly name: string;
  apply(kind: 'snapshot' | 'delta', message: TopicMessage): void;
  /** Nothing is known any more. */
  forget(): void;
}

/** A topic that is one value; undefined until it is known. */
export class ValueTopic<T> implements Topic {
  readonly name: string;
  readonly #value = signal<T | undefined>(undefined);

  constructor(name: string) {
    this.name = name;
  }

  apply(_kind: 'snapshot' | 'delta', { value, upsert }: TopicMessage): void {
    const next = value ?? upsert?.[0];
    if (next !== undefined) this.#value.value = next as T;
  }

  forget(): void {
    this.#value.value = undefined;
  }

  get value(): T | undefined {
    return this.#value.value;
  }
}

/** A topic that is a list, each item known by its key; keeps the order of the snapshot, newcomers last. */
export class ListTopic<T> implements Topic {
  readonly name: string;
  readonly #keyOf: (item: T) => string;
  readonly #limit: number;
  readonly #items = signal<ReadonlyMap<string, T> | undefined>(undefined);
  /** The fields of a message beside its items, such as `stepSeconds`. */
  readonly extra = signal<Readonly<Record<string, unknown>>>({});
  readonly #list: ReadonlySignal<readonly T[]>;

  /** Where there are more than `limit` items, those known longest are dropped. */
  constructor(name: string, keyOf: (item: T) => string, limit = Number.POSITIVE_INFINITY) {
    this.name = name;
    this.#keyOf = keyOf;
    this.#limit = limit;
    this.#list = computed(() => [...(this.#items.value?.values() ?? [])]);
  }

  apply(kind: 'snapshot' | 'delta', message: TopicMessage): void {
    const { items, value, upsert, remove, topic: _, id: __, ...extra } = message;
    if (Object.keys(extra).length > 0) this.extra.value = { ...this.extra.peek(), ...extra };
    const whole = items ?? (Array.isArray(value) ? value : undefined);
    const next = new Map(kind === 'snapshot' ? [] : this.#items.peek());
    for (const item of [...(whole ?? []), ...(upsert ?? [])] as T[]) {
      next.set(this.#keyOf(item), item);
    }
    for (const key of remove ?? []) next.delete(String(key));
    for (const key of next.keys()) {
      if (next.size <= this.#limit) break;
      next.delete(key);
    }
    this.#items.value = next;
  }

  forget(): void {
    this.#items.value = undefined;
  }

  /** False until the first snapshot. */
  get known(): boolean {
    return this.#items.value !== undefined;
  }

  get list(): readonly T[] {
    return this.#list.value;
  }

  get(key: string): T | undefined {
    return this.#items.value?.get(key);
  }
}
