/** Owns the last ten minutes of one gateway's counts, kept by step; quiet steps cost nothing. */
import {
  type Samples,
  type Series,
  type SeriesLabels,
  type Step,
  seriesKey,
  stepsKept,
} from './samples.ts';
import { addUp } from './view.ts';

interface Kept {
  readonly labels: SeriesLabels;
  readonly steps: Step[];
}

export class History {
  readonly #series = new Map<string, Kept>();
  #through = 0;

  /** The last step that is over; 0 before there was one. */
  get through(): number {
    return this.#through;
  }

  /** Adds what was counted in a step, after which no earlier one is added to. */
  add(labels: SeriesLabels, { step, requests, errors, latency }: Step): void {
    const key = seriesKey(labels);
    const kept = this.#series.get(key) ?? { labels, steps: [] };
    this.#series.set(key, kept);
    const last = kept.steps.at(-1);
    if (last?.step !== step) kept.steps.push({ step, requests, errors, latency });
    else {
      kept.steps[kept.steps.length - 1] = {
        step,
        requests: last.requests + requests,
        errors: last.errors + errors,
        latency: addUp(last.latency, latency),
      };
    }
  }

  /** Everything through `step` is there; what is older than ten minutes before it goes. */
  complete(step: number): void {
    this.#through = Math.max(this.#through, step);
    const oldest = this.#through - stepsKept;
    for (const [key, { steps }] of this.#series) {
      const fresh = steps.findIndex((kept) => kept.step > oldest);
      if (fresh === -1) this.#series.delete(key);
      else if (fresh > 0) steps.splice(0, fresh);
    }
  }

  /** Steps after `after`. */
  since(after: number): Series[] {
    const found: Series[] = [];
    for (const { labels, steps } of this.#series.values()) {
      const fresh = steps.filter(({ step }) => step > after && step <= this.#through);
      if (fresh.length > 0) found.push({ ...labels, steps: fresh });
    }
    return found;
  }

  /** Takes up what another gateway told of its own; steps that are here already are passed over. */
  merge({ through, series }: Pick<Samples, 'through' | 'series'>): void {
    const known = this.#through;
    for (const { steps, ...labels } of series) {
      for (const step of steps) {
        if (step.step > known && step.step <= through) this.add(labels, step);
      }
    }
    this.complete(through);
  }
}
