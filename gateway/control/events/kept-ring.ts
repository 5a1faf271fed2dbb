/** Owns keeping a ring on disk: a line for each item, in a file and its one predecessor, taken up again at the next start. */
import { appendFile, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asIsthmusError } from '../../../core/errors.ts';
import { readFileIfAny } from '../../../core/files.ts';
import type { Log } from '../../../core/log.ts';
import type { Ring, Stamp } from './ring.ts';

interface KeepOptions {
  /** Ends in `.jsonl`; its predecessor in `.1.jsonl`. */
  readonly path: string;
  /** What the log calls it. */
  readonly name: string;
  readonly log: Log;
  /** The file and its predecessor take up at most twice this; default 4 MiB. */
  readonly maxFileBytes?: number | undefined;
}

export class KeptRing {
  readonly #options: KeepOptions;
  readonly #maxFileBytes: number;
  #stop = (): void => {};
  #bytes: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: KeepOptions, bytes: number) {
    this.#options = options;
    this.#maxFileBytes = options.maxFileBytes ?? 4 * 1024 * 1024;
    this.#bytes = bytes;
  }

  /** Takes up the items on disk, and keeps those in the ring already and those that come. Throws FILE_UNREADABLE. */
  static async open<T extends object>(ring: Ring<T>, options: KeepOptions): Promise<KeptRing> {
    const { path } = options;
    const texts = [await readFileIfAny(previous(path)), await readFileIfAny(path)];
    const since = [...ring.items];
    ring.restore(texts.flatMap((text) => itemsOf<T & Stamp>(text ?? '')));
    const kept = new KeptRing(options, Buffer.byteLength(texts[1] ?? ''));
    for (const item of since) kept.#keep(item);
    kept.#stop = ring.onAdd((item) => kept.#keep(item));
    return kept;
  }

  /** Resolves once everything so far is on disk, or the log says why not. */
  flush(): Promise<void> {
    return this.#writing;
  }

  /** Keeps nothing that comes later. */
  async close(): Promise<void> {
    this.#stop();
    await this.#writing;
  }

  #keep(item: object): void {
    this.#writing = this.#writing.then(() => this.#append(`${JSON.stringify(item)}\n`));
  }

  async #append(line: string): Promise<void> {
    const { path, name, log } = this.#options;
    try {
      if (this.#bytes + line.length > this.#maxFileBytes) await this.#beginAnew();
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await appendFile(path, line, { mode: 0o600, flush: true });
      this.#bytes += Buffer.byteLength(line);
    } catch (thrown) {
      const err = asIsthmusError(thrown, 'FILE_UNWRITABLE');
      log.error({ err, path }, `the ${name} could not be written`);
    }
  }

  async #beginAnew(): Promise<void> {
    const { path } = this.#options;
    await rename(path, previous(path));
    this.#bytes = 0;
  }
}

function previous(path: string): string {
  return path.replace(/\.jsonl$/, '.1.jsonl');
}

/** A line that was cut short by a crash is passed over. */
function itemsOf<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}
