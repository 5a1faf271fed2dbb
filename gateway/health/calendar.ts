/** Owns what is due when, for tens of thousands of things: one timer, and slots of time instead of a sorted queue. */
import type { Clock } from '../../core/clock.ts';

/** Width of a slot in milliseconds: nothing comes earlier than it is due, nor later by more than this. */
const slotMs = 50;

/** Calls back each item when it is due; an item is in it once at most. */
export class Calendar<T> {
  readonly #clock: Clock;
  readonly #onDue: (item: T) => void;
  readonly #slots = new Map<number, Set<T>>();
  readonly #slotOf = new Map<T, number>();
  /** Every slot up to this one has been called back. */
  #done: number;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onDue: (item: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
    this.#done = this.#slotAt(clock.monotonic());
  }

  /** Puts `item` in, `ms` from now; moves it when it is in already. */
  add(item: T, ms: number): void {
    this.delete(item);
    if (this.#slotOf.size === 0) this.#done = this.#slotAt(this.#clock.monotonic());
    const slot = Math.max(this.#done + 1, this.#slotAt(this.#clock.monotonic() + ms) + 1);
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, new Set([item]));
    else items.add(item);
    this.#slotOf.set(item, slot);
    this.#arm();
  }

  delete(item: T): void {
    const slot = this.#slotOf.get(item);
    if (slot === undefined) return;
    this.#slotOf.delete(item);
    const items = this.#slots.get(slot);
    items?.delete(item);
    if (items?.size === 0) this.#slots.delete(slot);
  }

  clear(): void {
    this.#slots.clear();
    this.#slotOf.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #slotAt(ms: number): number {
    return Math.floor(ms / slotMs);
  }

  #arm(): void {
    if (this.#cancel !== undefined || this.#slotOf.size === 0) return;
    this.#cancel = this.#clock.after(slotMs, () => {
      this.#cancel = undefined;
      this.#turn();
      this.#arm();
    });
  }

  #turn(): void {
    const now = this.#slotAt(this.#clock.monotonic());
    while (this.#done < now) {
      const items = this.#slots.get(++this.#done);
      if (items === undefined) continue;
      this.#slots.delete(this.#done);
      for (const item of items) this.#slotOf.delete(item);
      for (const item of items) this.#onDue(item);
    }
  }
}
