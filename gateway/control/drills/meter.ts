/** Owns this gateway's latest counts: in memory for gateways that ask, and in the registry only while a drill goes on. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { lookBackMs } from '../../../federation/drills/demand.ts';
import { type History, type Sample, withSample } from '../../../federation/drills/measures.ts';
import type { MeasureRecord } from '../../../federation/drills/records.ts';

interface MeterOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The counts as of now; the data path may have to be asked for them. */
  read(): Promise<MeasureRecord>;
  /** Every gateway is to see this; undefined: nothing any more. */
  tell(record: MeasureRecord | undefined): void;
}

const duringDrillsMs = 500;
const otherwiseMs = 2_000;
/** Others may still look at what is left of a drill that is over here. */
const lingerMs = 10_000;

export class Meter {
  readonly #options: MeterOptions;
  #history: History = [];
  #during = false;
  /** Whether it is told what is counted: while a drill goes on, and for a moment after. */
  #tells = false;
  #reading = false;
  #again = false;
  #open = true;
  #cancel = (): void => {};
  #cancelLinger = (): void => {};

  constructor(options: MeterOptions) {
    this.#options = options;
    this.now();
  }

  /** Whether a drill goes on. */
  set during(during: boolean) {
    if (during === this.#during) return;
    this.#during = during;
    this.#cancelLinger();
    if (during) {
      this.#tells = true;
      this.now();
    } else if (this.#open) {
      this.#cancelLinger = this.#options.clock.after(lingerMs, () => this.#fallSilent());
    }
  }

  /** Looks at once: a drill came into force here, or went. */
  now(): void {
    this.#cancel();
    if (!this.#open) return;
    if (this.#reading) this.#again = true;
    else void this.#look();
  }

  /** The counts until now, as far back as predictions look. */
  async lately(): Promise<History> {
    await this.#take();
    return this.#history;
  }

  close(): void {
    this.#open = false;
    this.#cancel();
    this.#cancelLinger();
  }

  #fallSilent(): void {
    this.#tells = false;
    this.#options.tell(undefined);
  }

  async #take(): Promise<Sample> {
    const { clock, read } = this.#options;
    const measure = await read();
    const sample = { at: clock.monotonic(), measure };
    this.#history = withSample(this.#history, sample, lookBackMs.latency);
    return sample;
  }

  async #look(): Promise<void> {
    const { clock, log, tell } = this.#options;
    this.#reading = true;
    try {
      const { measure } = await this.#take();
      if (this.#open && this.#tells) tell(measure);
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
    this.#cancel = clock.after(this.#tells ? duringDrillsMs : otherwiseMs, () => this.now());
  }
}
