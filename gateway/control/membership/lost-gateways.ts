/** Owns which gateways of the own cluster were lost, and since when: on disk, for once its record is tidied nothing else in the registry tells. */
import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import type { IsthmusError } from '../../../core/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../../core/files.ts';
import { KeptFile } from '../../../core/kept-file.ts';
import type { Log } from '../../../core/log.ts';

const fileSchema = z.object({ lost: z.record(z.string(), z.int().min(0)) });

/** For how long one that was lost is remembered. */
const rememberedMs = 24 * 3_600_000;

export class LostGateways {
  readonly #clock: Clock;
  readonly #file: KeptFile;
  /** By id, when it was found lost, wall milliseconds. */
  readonly #lost: Map<string, number>;

  private constructor(path: string, lost: Map<string, number>, clock: Clock, log: Log) {
    this.#lost = lost;
    this.#clock = clock;
    const write = () =>
      writeFileAtomic(path, JSON.stringify({ lost: Object.fromEntries(this.all) }));
    this.#file = new KeptFile({ path, what: 'names of lost gateways', write, clock, log });
  }

  /** Why they are not on disk as they are. */
  get problem(): IsthmusError | undefined {
    return this.#file.problem;
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
    void this.#file.save();
  }

  /** The gateway is back. */
  delete(id: string): void {
    if (this.#lost.delete(id)) void this.#file.save();
  }

  /** Resolves once it is on disk as it is, or can't be. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
