/** Owns coarse time limits: one timer for everything that waits, however much of it there is (a hashed timing wheel). */
import type { Clock } from './clock.ts';

/** Precision in milliseconds. */
const tickMs = 10;

const slots = 512;

/** How long the wheel takes to come round, in milliseconds. */
export const roundMs = slots * tickMs;

/** How old `TimingWheel.now` may be in milliseconds, give or take a tick. */
export const staleMs = 250;

/** A thing that waits for its time. The fields are the wheel's: set them through it. */
export abstract class Timed {
  /** When its time is up, in monotonic milliseconds; Infinity = never. */
  dueAt = Infinity;
  /** The `dueAt` by which its slot was chosen; Infinity = it is in none. At the latest then it is looked at. */
  lookedAt = Infinity;
  slot = -1;
  next: Timed | undefined = undefined;
  previous: Timed | undefined = undefined;

  /** Its time is up. Called once, until it is set again. */
  abstract onDue(): void;
}

/**
 * A timer per request costs more than the rest of the gateway's own work; here it is a link in a list. Never
 * early; late by about a tick, and by as long as the event loop was held up. It sleeps while nothing waits.
 */
export class TimingWheel {
  readonly #clock: Clock;
  /** Longest sleep while anything waits. */
  readonly #maxSleepTicks: number;
  /** The first item of each slot. What is due more than a round ahead lies in its slot and is passed over. */
  readonly #slots: (Timed | undefined)[] = new Array(slots).fill(undefined);
  readonly #origin: number;
  #now: number;
  /** The last tick whose slot was looked at. */
  #tick = 0;
  #waiting = 0;
  #wakeTick = Infinity;
  #cancelWake: (() => void) | undefined;
  /** Whether it looks at its slots, and sets when to wake when it is through. */
  #isAwake = false;
  #isClosed = false;

  /**
   * While anything waits it wakes at least every `maxSleepMs`, in which `now` grows old. Who asks `refresh` for the time
   * each time may let it sleep as long as a round.
   */
  constructor(clock: Clock, maxSleepMs: number = staleMs) {
    this.#clock = clock;
    this.#maxSleepTicks = maxSleepMs / tickMs;
    this.#origin = clock.monotonic();
    this.#now = this.#origin;
  }

  /**
   * Monotonic milliseconds as of the last `refresh`, of which there is one with every request and every tick. While
   * anything waits it is at most as old as the wheel sleeps.
   */
  get now(): number {
    return this.#now;
  }

  refresh(): number {
    this.#now = this.#clock.monotonic();
    return this.#now;
  }

  /** Sets or moves when `item` is due; Infinity = never. To move it later costs one store. */
  set(item: Timed, dueAt: number): void {
    item.dueAt = dueAt;
    if (dueAt >= item.lookedAt && dueAt !== Infinity) return;
    this.#unlink(item);
    if (dueAt !== Infinity) this.#link(item);
  }

  /** The same in `ms` from now, which may be a while ago: late by up to `staleMs` rather than early. */
  in(item: Timed, ms: number): void {
    this.set(item, this.#now + ms + staleMs);
  }

  cancel(item: Timed): void {
    item.dueAt = Infinity;
    this.#unlink(item);
  }

  /** Nothing is due any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelWake?.();
  }

  #tickOf(time: number): number {
    return Math.ceil((time - this.#origin) / tickMs);
  }

  #link(item: Timed): void {
    const tick = Math.max(this.#tickOf(item.dueAt), this.#tick + 1);
    const slot = tick % slots;
    const first = this.#slots[slot];
    item.lookedAt = item.dueAt;
    item.slot = slot;
    item.next = first;
    if (first !== undefined) first.previous = item;
    this.#slots[slot] = item;
    this.#waiting++;
    this.#wakeBy(Math.min(tick, this.#tickOf(this.#now) + this.#maxSleepTicks));
  }

  #unlink(item: Timed): void {
    const { slot, previous, next } = item;
    if (slot < 0) return;
    this.#waiting--;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#slots[slot] = next;
    item.lookedAt = Infinity;
    item.slot = -1;
    item.next = undefined;
    item.previous = undefined;
  }

  #wakeBy(tick: number): void {
    if (tick >= this.#wakeTick || this.#isAwake || this.#isClosed) return;
    this.#cancelWake?.();
    this.#wakeTick = tick;
    const ms = this.#origin + tick * tickMs - this.#clock.monotonic();
    this.#cancelWake = this.#clock.after(Math.max(1, Math.ceil(ms)), () => {
      // Octets that have arrived by now are read first: it may be this thread that is late.
      setImmediate(() => this.#wake());
    });
  }

  #wake(): void {
    if (this.#isClosed) return;
    this.#wakeTick = Infinity;
    this.#isAwake = true;
    const now = this.refresh();
    const due: Timed[] = [];
    const last = Math.floor((now - this.#origin) / tickMs);
    const from = Math.max(this.#tick + 1, last - slots + 1);
    this.#tick = Math.max(this.#tick, last);
    for (let tick = from; tick <= last; tick++) this.#look(tick % slots, now, due);
    for (const item of due) {
      // By then one before it may have called it off.
      if (item.dueAt > now) continue;
      item.dueAt = Infinity;
      item.onDue();
    }
    this.#isAwake = false;
    this.#sleep();
  }

  #look(slot: number, now: number, due: Timed[]): void {
    for (let item = this.#slots[slot]; item !== undefined; ) {
      const { next } = item;
      if (item.dueAt <= now) {
        this.#unlink(item);
        due.push(item);
      } else if (item.dueAt !== item.lookedAt) {
        this.#unlink(item);
        this.#link(item);
      }
      item = next;
    }
  }

  /** Until the next slot that holds anything, or a while; for good when nothing waits. */
  #sleep(): void {
    if (this.#waiting === 0) return;
    let ahead = 1;
    while (ahead < this.#maxSleepTicks && this.#slots[(this.#tick + ahead) % slots] === undefined)
      ahead++;
    this.#wakeBy(this.#tick + ahead);
  }
}
