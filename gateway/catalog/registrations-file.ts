/** Owns the file of endpoints registered by API, so that a restarted gateway still has them. */
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../core/files.ts';
import type { Log } from '../../core/log.ts';
import { labelSchema, protocols, serviceNameSchema } from '../../registry/model.ts';
import type { Registration } from './catalog.ts';

const rangeSchema = z.object({ from: z.int(), to: z.int() });

/** A check as it is kept: parsed, so that a change of its notation leaves old files readable. */
const checkSchema = z.object({
  probe: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('http'),
      path: z.string(),
      expect: z.array(rangeSchema),
      host: z.string().optional(),
    }),
    z.object({ kind: z.literal('tcp') }),
  ]),
  intervalMs: z.number(),
  timeoutMs: z.number(),
  rise: z.int(),
  fall: z.int(),
});

const fileSchema = z.object({
  version: z.literal(1),
  endpoints: z.array(
    z.object({
      service: serviceNameSchema,
      id: labelSchema,
      address: z.string(),
      port: z.int(),
      zone: labelSchema,
      weight: z.int(),
      labels: z.record(z.string(), z.string()),
      protocol: z.enum(protocols),
      exported: z.boolean(),
      source: z.literal('api'),
      check: checkSchema.optional(),
      ttlMs: z.number().optional(),
      deregisterAfterMs: z.number().optional(),
    }),
  ),
});

/** Saves are gathered: at most one in this time. */
const saveEveryMs = 100;

export class RegistrationsFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancel: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** Whether a save waits for its turn; it will carry whatever changes until then. */
  #queued = false;
  #current: (() => Iterable<Registration>) | undefined;

  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
  }

  /** What was registered before. Throws FILE_UNREADABLE: starting without would withdraw what is there. */
  async load(): Promise<Registration[]> {
    const text = await readFileIfAny(this.#path);
    if (text === undefined) return [];
    try {
      return fileSchema.parse(JSON.parse(text)).endpoints;
    } catch (cause) {
      throw new IsthmusError('FILE_UNREADABLE', {
        what: `The registered endpoints can't be read: ${messageOf(cause)}`,
        where: this.#path,
        fix: 'Restore the file, or remove it and register the endpoints again.',
        cause,
      });
    }
  }

  /** Notes a change; `registrations` gives all of them when it is time to write. */
  changed(registrations: () => Iterable<Registration>): void {
    this.#current = registrations;
    this.#cancel ??= this.#clock.after(saveEveryMs, () => {
      this.#cancel = undefined;
      void this.flush();
    });
  }

  /**
   * Writes what is pending now; resolves once it is on disk, or could not be written, which the log says. Changes
   * that come while one write is under way share the next.
   */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#current && !this.#queued) {
      this.#queued = true;
      this.#saving = this.#saving.then(() => this.#save());
    }
    return this.#saving;
  }

  async #save(): Promise<void> {
    this.#queued = false;
    const content = { version: 1, endpoints: [...(this.#current?.() ?? [])] };
    this.#current = undefined;
    try {
      await writeFileAtomic(this.#path, `${JSON.stringify(content)}\n`);
    } catch (thrown) {
      this.#log.error({ err: thrown }, 'registered endpoints could not be kept on disk');
    }
  }
}
