/** Owns telling a worker that hangs from one that is busy: by its signs of life, at the control side's own pace. */
import type { Clock } from '../../../core/clock.ts';

const tickMs = 1_000;
/** Ticks without a sign of life after which a worker is taken to hang: ten seconds. */
export const patienceTicks = 10;

interface Watched {
  /** Signs of life so far; undefined while it has not begun. */
  readonly beats: () => number | undefined;
  readonly onHang: () => void;
  seen: number;
  silentTicks: number;
}

/** Counts ticks rather than time: while the control side itself stands still, nobody else is to blame. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  #cancel: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#cancel = clock.after(tickMs, () => this.#tick());
  }

  /** Calls `onHang` once, should the beats stop. Returns a function that stops watching. */
  watch(beats: () => number | undefined, onHang: () => void): () => void {
    const watched: Watched = { beats, onHang, seen: -1, silentTicks: 0 };
    this.#watched.add(watched);
    return () => this.#watched.delete(watched);
  }

  close(): void {
    this.#cancel();
    this.#watched.clear();
  }

  #tick(): void {
    this.#cancel = this.#clock.after(tickMs, () => this.#tick());
    for (const watched of this.#watched) {
      const beats = watched.beats();
      if (beats === undefined) continue;
      watched.silentTicks = beats === watched.seen ? watched.silentTicks + 1 : 0;
      watched.seen = beats;
      if (watched.silentTicks < patienceTicks) continue;
      this.#watched.delete(watched);
      watched.onHang();
    }
  }
}
