/** Owns a value that is made of files: made again when they change, and the last good one kept while they are no good. */
import { readFile, stat } from 'node:fs/promises';
import { asIsthmusError, IsthmusError, messageOf } from '../../../core/errors.ts';

interface KeptValueOptions<T> {
  /** The place that errors name, such as a key of the configuration and a file. */
  readonly where: string;
  /** Absolute. */
  readonly paths: readonly string[];
  /** Makes the value of the files' texts; may throw. */
  make(...texts: readonly string[]): T;
}

export class KeptValue<T> {
  readonly #options: KeptValueOptions<T>;
  #value: T;
  /** The state of the files when they were last read, whatever came of it. */
  #stamp: string;
  #problem: IsthmusError | undefined;

  private constructor(options: KeptValueOptions<T>, stamp: string, value: T) {
    this.#options = options;
    this.#stamp = stamp;
    this.#value = value;
  }

  /** Throws FILE_UNREADABLE, or what `make` throws, with the place. */
  static async open<T>(options: KeptValueOptions<T>): Promise<KeptValue<T>> {
    // First the stamp, then the content: what changes in between is seen at the next look.
    const stamp = await stampOf(options.paths);
    return new KeptValue(options, stamp, await read(options));
  }

  get where(): string {
    return this.#options.where;
  }

  get value(): T {
    return this.#value;
  }

  /** Why the files as they are now are not used. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  /** Looks whether the files changed. `unusable` is said once for each change. Never rejects. */
  async look(): Promise<'same' | 'replaced' | 'unusable'> {
    const stamp = await stampOf(this.#options.paths);
    if (stamp === this.#stamp) return 'same';
    this.#stamp = stamp;
    try {
      this.#value = await read(this.#options);
      this.#problem = undefined;
      return 'replaced';
    } catch (thrown) {
      this.#problem = asIsthmusError(thrown);
      return 'unusable';
    }
  }
}

async function read<T>({ where, paths, make }: KeptValueOptions<T>): Promise<T> {
  try {
    const texts: string[] = [];
    // One by one, so that of several that can't be read it is always the first that is named.
    for (const path of paths) texts.push(await readText(path));
    return make(...texts);
  } catch (thrown) {
    const { code, message, fix, cause } = asIsthmusError(thrown);
    throw new IsthmusError(code, { what: message, where, fix, cause });
  }
}

/** Certificates and keys are far smaller; what has no end is read no further. */
const mostBytes = 1 << 20;

async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error(`${path} is no regular file`);
    if (found.size > mostBytes) throw new Error(`${path} has more than ${mostBytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), cause });
  }
}

/** Tells versions of files apart without reading them. */
async function stampOf(paths: readonly string[]): Promise<string> {
  const parts = paths.map(async (path) => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      return `${mtimeMs} ${size} ${ino}`;
    } catch (thrown) {
      return messageOf(thrown);
    }
  });
  return (await Promise.all(parts)).join('\n');
}
