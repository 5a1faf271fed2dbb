/** Owns sampling this gateway's own counters at every full five seconds of wall time, so that steps of all gateways line up. */
import type { Clock } from '../../../core/clock.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import { type Count, increase } from './counts.ts';
import { History } from './history.ts';
import { type SeriesLabels, stepMs } from './samples.ts';

interface SamplerOptions {
  readonly clock: Clock;
  /** The counters as they stand; may have to be asked for. */
  counts(): ReadonlyMap<string, Count> | Promise<ReadonlyMap<string, Count>>;
  /** Hears that the counters could not be had; their counts fall into the next step. */
  onFailure(thrown: unknown): void;
}

/** The counts of one series in one step. */
export interface Stepped {
  readonly labels: SeriesLabels;
  readonly requests: number;
  /** Those of `requests` that a service answered. */
  readonly answered: number;
  readonly errors: number;
}

export class Sampler {
  readonly history = new History();
  readonly #subscribers = new Subscribers<[step: number, counted: readonly Stepped[]]>();
  readonly #options: SamplerOptions;
  #before: ReadonlyMap<string, Count> = new Map();
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#wait();
  }

  /** Calls `subscriber` when a step is over, with what was counted in it; returns a function that stops that. */
  onStep(subscriber: (step: number, counted: readonly Stepped[]) => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #wait(): void {
    if (this.#closed) return;
    const { clock } = this.#options;
    const left = stepMs - (clock.now() % stepMs);
    // A timer that fired a moment early has had this step's end already.
    const delay = left < stepMs / 2 ? left + stepMs : left;
    this.#cancel = clock.after(delay, () => void this.#sample());
  }

  async #sample(): Promise<void> {
    const { clock, counts, onFailure } = this.#options;
    // A timer may fire a moment early: the step that is nearest to its end is over.
    const step = Math.round(clock.now() / stepMs) - 1;
    try {
      const now = await counts();
      const counted: Stepped[] = [];
      for (const [key, count] of now) {
        const { requests, answered, errors, latency } = increase(count, this.#before.get(key));
        if (requests === 0 && errors === 0) continue;
        this.history.add(count.labels, { step, requests, errors, latency });
        counted.push({ labels: count.labels, requests, answered, errors });
      }
      this.#before = now;
      this.history.complete(step);
      this.#subscribers.tell(step, counted);
    } catch (thrown) {
      onFailure(thrown);
    }
    this.#wait();
  }
}
