/** Owns files that are replaced while the gateway runs, as certificates and tokens are: read again when they change. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../../core/clock.ts';
import { asIsthmusError, IsthmusError, messageOf } from '../../../../core/errors.ts';
import type { Log } from '../../../../core/log.ts';

const lookEveryMs = 10_000;

export class WatchedFile<T> {
  readonly path: string;
  readonly #parse: (text: string, path: string) => T;
  /** The text that was read last, good or not. */
  #text: string;
  #value: T;

  private constructor(path: string, text: string, parse: (text: string, path: string) => T) {
    this.path = path;
    this.#parse = parse;
    this.#text = text;
    this.#value = parse(text, path);
  }

  /** Reads it. Throws FILE_UNREADABLE, or what `parse` does. */
  static async open<T>(
    path: string,
    parse: (text: string, path: string) => T,
  ): Promise<WatchedFile<T>> {
    return new WatchedFile(path, await read(path), parse);
  }

  /** The content when it was last good. */
  get value(): T {
    return this.#value;
  }

  /** Reads it again; whether there is a new value. Throws FILE_UNREADABLE or what `parse` does, once, and keeps the value. */
  async look(): Promise<boolean> {
    const text = await read(this.path);
    if (text === this.#text) return false;
    this.#text = text;
    this.#value = this.#parse(text, this.path);
    return true;
  }
}

/**
 * Looks at `files` every ten seconds and calls `changed` when any is other than it was. What can't be read, or taken, stays
 * as it was, and the log says so. Returns a function that stops that.
 */
export function watchFiles(
  files: readonly Pick<WatchedFile<unknown>, 'look'>[],
  changed: () => void,
  clock: Clock,
  log: Log,
): () => void {
  let cancel = (): void => {};
  let stopped = false;
  async function look(): Promise<void> {
    try {
      const news = await Promise.all(files.map((file) => file.look()));
      if (news.includes(true) && !stopped) changed();
    } catch (thrown) {
      log.error({ err: asIsthmusError(thrown) }, 'a file of the admin API could not be taken up');
    }
    wait();
  }
  function wait(): void {
    if (!stopped) cancel = clock.after(lookEveryMs, () => void look());
  }
  wait();
  return () => {
    stopped = true;
    cancel();
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}
