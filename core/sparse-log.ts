/** Owns log lines that strangers can cause: one of a kind in ten seconds, so that nobody fills a disk with them. */
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

const everyMs = 10_000;

/** The last line of a kind. */
interface Said {
  readonly at: number;
  /** How many were passed over since. */
  unsaid: number;
}

export class SparseLog {
  readonly #log: Log;
  readonly #clock: Clock;
  /** By message: messages are fixed, and what changes is in the fields. */
  readonly #said = new Map<string, Said>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  info(fields: object, message: string): void {
    this.#say('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#say('warn', fields, message);
  }

  /** At level `debug` every line is there. The field `unsaid` is how many were passed over before this one. */
  #say(level: 'info' | 'warn', fields: object, message: string): void {
    const now = this.#clock.monotonic();
    const last = this.#said.get(message);
    if (last !== undefined && now - last.at < everyMs) {
      last.unsaid++;
      this.#log.debug(fields, message);
      return;
    }
    this.#said.set(message, { at: now, unsaid: 0 });
    const unsaid = last?.unsaid ?? 0;
    this.#log[level](unsaid === 0 ? fields : { ...fields, unsaid }, message);
  }
}
