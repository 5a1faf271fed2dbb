/** Owns the file of endpoints registered by API, so that a restarted gateway still has them. */
import { z } from 'zod';
import { ChangeFile } from '../../../core/change-file.ts';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { labelSchema, protocols, serviceNameSchema } from '../../../registry/model.ts';
import { namedPortsSchema } from '../../../registry/ports.ts';
import type { Registration, RegistrationChange } from './registration.ts';

const rangeSchema = z.object({ from: z.int(), to: z.int() });

/** A check as it is kept: parsed, so that a change of its notation leaves old files readable. */
const checkSchema = z.object({
  probe: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('http'),
      path: z.string(),
      expect: z.array(rangeSchema),
      host: z.string().optional(),
      tls: z.boolean().optional(),
      version: z.union([z.literal(1), z.literal(2)]).optional(),
    }),
    z.object({
      kind: z.literal('grpc'),
      service: z.string(),
      host: z.string().optional(),
      tls: z.boolean().optional(),
    }),
    z.object({ kind: z.literal('tcp') }),
  ]),
  intervalMs: z.number(),
  timeoutMs: z.number(),
  rise: z.int(),
  fall: z.int(),
});

const endpointSchema = z.object({
  service: serviceNameSchema,
  id: labelSchema,
  address: z.string(),
  port: z.int(),
  zone: labelSchema,
  weight: z.int(),
  labels: z.record(z.string(), z.string()),
  protocol: z.enum(protocols).optional(),
  ports: namedPortsSchema.optional(),
  exported: z.boolean(),
  source: z.literal('api'),
  check: checkSchema.optional(),
  /** Files of before have the service's check in those that brought none. */
  isCheckOfService: z.boolean().optional(),
  ttlMs: z.number().optional(),
  deregisterAfterMs: z.number().optional(),
});

/** The first line: everything, when it was written. */
const wholeSchema = z.object({ version: z.literal(1), endpoints: z.array(endpointSchema) });

/** A line below: what changed since. */
const changeSchema = z.union([
  z.strictObject({ put: endpointSchema }),
  z.strictObject({ remove: z.strictObject({ service: serviceNameSchema, id: labelSchema }) }),
]);

/** Saves are gathered: at most one in this time. */
const saveEveryMs = 100;
/** How often a write that failed is tried again. */
const retryEveryMs = 1_000;

interface RegistrationsFileOptions {
  readonly path: string;
  /** All registrations as they are now. */
  registrations(): Iterable<Registration>;
  readonly clock: Clock;
  readonly log: Log;
}

export class RegistrationsFile {
  readonly #options: RegistrationsFileOptions;
  readonly #file: ChangeFile;
  /** Lines to write, the last of each endpoint. */
  #pending = new Map<string, string>();
  #cancel: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** Whether a save waits for its turn; it will carry whatever changes until then. */
  #queued = false;
  #problem: IsthmusError | undefined;

  constructor(options: RegistrationsFileOptions) {
    this.#options = options;
    this.#file = new ChangeFile(options.path);
  }

  /** Why what is registered would not outlive a restart; undefined while it would. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  /** The registrations of the last run. Throws FILE_UNREADABLE: starting without them would withdraw them from the registry. */
  async load(): Promise<Registration[]> {
    const [first, ...changes] = (await this.#file.read()) ?? [];
    if (first === undefined) return [];
    try {
      return endpointsOf(first, changes);
    } catch (cause) {
      throw new IsthmusError('FILE_UNREADABLE', {
        what: `The registered endpoints can't be read: ${messageOf(cause)}`,
        where: this.#options.path,
        fix: 'Restore the file, or remove it and register the endpoints again.',
        cause,
      });
    }
  }

  /** Notes a change, to be written soon. */
  changed({ service, id, registration }: RegistrationChange): void {
    const line: z.input<typeof changeSchema> = registration
      ? { put: registration as z.input<typeof endpointSchema> }
      : { remove: { service, id } };
    const name = nameOf({ service, id });
    this.#pending.set(name, JSON.stringify(line));
    this.#saveIn(saveEveryMs);
  }

  /**
   * Writes what is pending now; resolves once it is on disk, or could not be written, which the log and `problem` say.
   * Changes that come while one write is under way share the next.
   */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#pending.size > 0 && !this.#queued) {
      this.#queued = true;
      this.#saving = this.#saving.then(() => this.#save());
    }
    return this.#saving;
  }

  /** Writes what is pending now, and lets go of the file; a later change takes it up again. */
  async close(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }

  #saveIn(ms: number): void {
    this.#cancel ??= this.#options.clock.after(ms, () => {
      this.#cancel = undefined;
      void this.flush();
    });
  }

  async #save(): Promise<void> {
    this.#queued = false;
    const lines = this.#pending;
    this.#pending = new Map();
    try {
      await this.#file.write([...lines.values()], () => this.#whole());
      this.#succeeded();
    } catch (thrown) {
      // Registrations that came meanwhile are newer.
      this.#pending = new Map([...lines, ...this.#pending]);
      this.#failed(thrown);
    }
  }

  #succeeded(): void {
    if (this.#problem) this.#options.log.info('registered endpoints are kept on disk again');
    this.#problem = undefined;
  }

  #failed(cause: unknown): void {
    const problem = new IsthmusError('FILE_UNWRITABLE', {
      what: `Registered endpoints can't be kept on disk, and a restart would lose them: ${messageOf(cause)}`,
      where: this.#options.path,
      fix: 'Check the folder, its permissions and free space; they are written as soon as they can be.',
      cause,
    });
    if (!this.#problem) {
      this.#options.log.error({ err: problem }, 'registered endpoints could not be kept on disk');
    }
    this.#problem = problem;
    this.#saveIn(retryEveryMs);
  }

  #whole(): string {
    return JSON.stringify({ version: 1, endpoints: [...this.#options.registrations()] });
  }
}

/** The registrations that the lines come to, one after the other. Throws the fault of one. */
function endpointsOf(first: string, changes: readonly string[]): Registration[] {
  const { endpoints } = wholeSchema.parse(JSON.parse(first));
  const known = new Map(endpoints.map((one) => [nameOf(one), ownOf(one)]));
  for (const line of changes) {
    const change = changeSchema.parse(JSON.parse(line));
    if ('put' in change) known.set(nameOf(change.put), ownOf(change.put));
    else known.delete(nameOf(change.remove));
  }
  return [...known.values()];
}

/** Without what is its service's to say. */
function ownOf({
  check,
  isCheckOfService = false,
  ...own
}: z.output<typeof endpointSchema>): Registration {
  return isCheckOfService ? own : { ...own, check };
}

function nameOf({ service, id }: Pick<Registration, 'service' | 'id'>): string {
  return `${service}/${id}`;
}
