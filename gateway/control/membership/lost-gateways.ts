/** Owns which gateways of the own cluster were lost, and since when: on disk, for once its record is tidied nothing else in the registry tells. */
import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import { readFileIfAny, writeFileAtomic } from '../../../core/files.ts';
import type { Log } from '../../../core/log.ts';

const fileSchema = z.object({ lost: z.record(z.string(), z.int().min(0)) });

/** For how long one that was lost is remembered. */
const rememberedMs = 24 * 3_600_000;

export class LostGateways {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By id, when it was found lost, wall milliseconds. */
  readonly #lost: Map<string, number>;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, lost: Map<string, number>, clock: Clock, log: Log) {
    this.#path = path;
    this.#lost = lost;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes up what was lost when this gateway last ran. A file that can't be read is as none, and the log says so. */
  static async open(path: string, clock: Clock, log: Log): Promise<LostGateways> {
    try {
      const text = await readFileIfAny(path);
      const { lost } = text === undefined ? { lost: {} } : fileSchema.parse(JSON.parse(text));
      return new LostGateways(path, new Map(Object.entries(lost)), clock, log);
    } catch (err) {
      log.error({ err, path }, 'starting without the memory of lost gateways');
      return new LostGateways(path, new Map(), clock, log);
    }
  }

  /** When each was found lost, wall milliseconds: those of the last day. */
  get all(): ReadonlyMap<string, number> {
    const since = this.#clock.now() - rememberedMs;
    return new Map([...this.#lost].filter(([, at]) => at > since));
  }

  add(id: string): void {
    if (this.all.has(id)) return;
    this.#lost.set(id, this.#clock.now());
    this.#save();
  }

  /** The gateway is back. */
  delete(id: string): void {
    if (this.#lost.delete(id)) this.#save();
  }

  /** Resolves once it is on disk as it is. */
  async close(): Promise<void> {
    await this.#saving;
  }

  #save(): void {
    this.#saving = this.#saving.then(async () => {
      try {
        await writeFileAtomic(this.#path, JSON.stringify({ lost: Object.fromEntries(this.all) }));
      } catch (err) {
        this.#log.error({ err }, 'which gateways were lost could not be kept on disk');
      }
    });
  }
}
