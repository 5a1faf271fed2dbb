/** Owns the batch of spans, exemplars and log lines, gathered so that they leave the data path in few pieces. */
import type { Clock } from '../../../core/clock.ts';
import type { SpanRecord } from './span.ts';

/** A traced request that stands for its bucket of a histogram. */
export interface ExemplarRecord {
  /** The series that it was counted in; see `seriesKey`. */
  readonly series: string;
  readonly bucket: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly latencyMs: number;
  /** Wall time in milliseconds. */
  readonly at: number;
}

/** Plain values: they pass from thread to thread. */
export interface Observed {
  readonly spans: readonly SpanRecord[];
  /** Lines of the access log: JSON, each with its line end. */
  readonly lines: readonly string[];
  readonly exemplars: readonly ExemplarRecord[];
}

/** Sent when that many are there, or after that time. */
const mostKept = 256;
const keptMs = 100;

export class ObservedBatch {
  readonly #clock: Clock;
  readonly #send: (observed: Observed) => void;
  #spans: SpanRecord[] = [];
  #lines: string[] = [];
  #exemplars: ExemplarRecord[] = [];
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, send: (observed: Observed) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  addSpans(spans: readonly SpanRecord[]): void {
    for (const span of spans) this.#spans.push(span);
    this.#added();
  }

  addLine(line: string): void {
    this.#lines.push(line);
    this.#added();
  }

  addExemplar(exemplar: ExemplarRecord): void {
    this.#exemplars.push(exemplar);
    this.#added();
  }

  /** Sends the batch. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const [spans, lines, exemplars] = [this.#spans, this.#lines, this.#exemplars];
    if (spans.length + lines.length + exemplars.length === 0) return;
    this.#spans = [];
    this.#lines = [];
    this.#exemplars = [];
    this.#send({ spans, lines, exemplars });
  }

  #added(): void {
    if (this.#spans.length + this.#lines.length >= mostKept) this.flush();
    else this.#cancel ??= this.#clock.after(keptMs, () => this.flush());
  }
}
