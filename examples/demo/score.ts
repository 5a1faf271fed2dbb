/** Owns what the demo measures: the samples of an act, and the figures made of them. */
import type { Sample } from './client.ts';

export interface ActResult {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  /** Milliseconds from the act's event to the first answer from where the traffic should go; 0 when nothing should move. */
  readonly shiftMs: number;
  /** Requests by serving cluster. */
  readonly servedBy: Readonly<Record<string, number>>;
  /** Slowest answer in milliseconds. */
  readonly maxMs: number;
  /** Why requests failed, with how often. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Samples of the act under way. */
export class Score {
  readonly name: string;
  readonly samples: Sample[] = [];
  #eventAt: number | undefined;
  #shiftMs = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Notes when the act's event happened. */
  event(): void {
    this.#eventAt = performance.now();
  }

  /** Notes that traffic has moved, at the monotonic time `at`. */
  shifted(at: number): void {
    this.#shiftMs = Math.max(0, at - (this.#eventAt ?? at));
  }

  /** The first answer by `cluster` to a request that was sent after the event. */
  firstFrom(cluster: string): Sample | undefined {
    const since = this.#eventAt ?? 0;
    return this.samples.find((sample) => sample.cluster === cluster && sample.sentAt >= since);
  }

  /** Share of `cluster` among the answers of the last `ms` milliseconds, 0 to 1. */
  shareOf(cluster: string, ms: number): number {
    const since = performance.now() - ms;
    const recent = this.samples.filter((sample) => sample.doneAt >= since);
    if (recent.length === 0) return 0;
    return recent.filter((sample) => sample.cluster === cluster).length / recent.length;
  }

  result(): ActResult {
    const servedBy = tally(this.samples.flatMap(({ cluster }) => cluster ?? []));
    const errors = tally(this.samples.flatMap(({ error }) => error ?? []));
    return {
      name: this.name,
      requests: this.samples.length,
      failed: this.samples.filter(({ ok }) => !ok).length,
      shiftMs: Math.round(this.#shiftMs),
      servedBy,
      maxMs: Math.round(Math.max(0, ...this.samples.map(({ sentAt, doneAt }) => doneAt - sentAt))),
      errors,
    };
  }
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
