/** Owns a bounded list of what happened last: the newest push out the oldest, and ids grow as text does. */
import type { Clock } from '../../../core/clock.ts';
import { Subscribers } from '../../../core/subscribers.ts';

export interface Stamp {
  /** Wall time in base 36 and a running number: ids of a later start sort after those of an earlier one. */
  readonly id: string;
  readonly at: number;
}

export class Ring<T extends object> {
  readonly #clock: Pick<Clock, 'now'>;
  readonly limit: number;
  readonly #items: (T & Stamp)[] = [];
  readonly #subscribers = new Subscribers<[item: T & Stamp]>();
  #last: Stamp = { id: '', at: 0 };
  #serial = 0;

  /** Keeps the last `limit` items. */
  constructor(clock: Pick<Clock, 'now'>, limit: number) {
    this.#clock = clock;
    this.limit = limit;
  }

  add(draft: T): T & Stamp {
    const item = { ...draft, ...this.#stamp() };
    this.#items.push(item);
    if (this.#items.length > this.limit) this.#items.shift();
    this.#subscribers.tell(item);
    return item;
  }

  /** Takes up items of an earlier run, oldest first. */
  restore(items: readonly (T & Stamp)[]): void {
    this.#items.unshift(...items.slice(-this.limit));
    this.#items.splice(0, this.#items.length - this.limit);
    const { id, at } = this.#items.at(-1) ?? this.#last;
    if (id <= this.#last.id) return;
    this.#last = { id, at };
    this.#serial = Number.parseInt(id.split('-')[1] ?? '0', 36);
  }

  /** Oldest first. */
  get items(): readonly (T & Stamp)[] {
    return this.#items;
  }

  /** Calls `subscriber` with each item from now on; returns a function that stops that. */
  onAdd(subscriber: (item: T & Stamp) => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** A wall clock that goes back doesn't take the ids along. */
  #stamp(): Stamp {
    const at = this.#clock.now();
    const time = Math.max(at, this.#last.at);
    this.#serial = time === this.#last.at ? this.#serial + 1 : 0;
    const id = `${base36(time, 9)}-${base36(this.#serial, 4)}`;
    this.#last = { id, at: time };
    return { id, at };
  }
}

/** Wall milliseconds of an id; 0 of what is none. */
export function wallTimeOf(id: string): number {
  const time = Number.parseInt(id.split('-')[0] ?? '', 36);
  return Number.isNaN(time) ? 0 : time;
}

/** Nine digits hold wall milliseconds until the year 5188. */
function base36(value: number, digits: number): string {
  return value.toString(36).padStart(digits, '0');
}
