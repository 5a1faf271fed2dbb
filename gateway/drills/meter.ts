/** Owns telling the others what this gateway has counted: often while a drill goes on, seldom else. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { MeasureRecord } from '../../federation/drills/records.ts';

export interface MeterOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What there is to tell now; the data path may have to be asked for it. */
  read(): Promise<MeasureRecord>;
  tell(record: MeasureRecord): void;
}

const duringDrillsMs = 500;
const otherwiseMs = 2_000;

export class Meter {
  readonly #options: MeterOptions;
  #often = false;
  #reading = false;
  #again = false;
  #open = true;
  #last = '';
  #cancel = (): void => {};

  constructor(options: MeterOptions) {
    this.#options = options;
    this.now();
  }

  /** Whether a drill goes on. */
  set often(often: boolean) {
    if (often === this.#often) return;
    this.#often = often;
    this.now();
  }

  /** Tells at once: a drill came into force here, or went. */
  now(): void {
    this.#cancel();
    if (!this.#open) return;
    if (this.#reading) this.#again = true;
    else void this.#tell();
  }

  close(): void {
    this.#open = false;
    this.#cancel();
  }

  async #tell(): Promise<void> {
    const { clock, log, read, tell } = this.#options;
    this.#reading = true;
    try {
      const record = await read();
      // While nothing happens nothing is written.
      const { uptimeMs: _, ...content } = record;
      const text = JSON.stringify(content);
      if (this.#open && (this.#often || text !== this.#last)) tell(record);
      this.#last = text;
    } catch (err) {
      log.warn({ err }, 'the counters could not be read');
    }
    this.#reading = false;
    if (!this.#open) return;
    if (this.#again) {
      this.#again = false;
      this.now();
      return;
    }
    this.#cancel = clock.after(this.#often ? duringDrillsMs : otherwiseMs, () => this.now());
  }
}
