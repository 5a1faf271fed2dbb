/** Owns lines of JSON on disk, within bounds of bytes and age: several files, of which only the newest grows. */
import { appendFile, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from './clock.ts';
import { asIsthmusError, IsthmusError } from './errors.ts';
import { readFileIfAny } from './files.ts';
import type { Log } from './log.ts';

/** Wall milliseconds: by the first of a file's lines it is known when another file is due. */
interface Dated {
  readonly at: number;
}

export interface KeepOptions {
  /** Ends in `.jsonl`; what was before is in `.1.jsonl`, before that in `.2.jsonl`, and so on. */
  readonly path: string;
  /** What the log calls it. */
  readonly name: string;
  /** All files together. */
  readonly maxBytes: number;
  /** Among how many files they are divided; the oldest goes as a whole. */
  readonly files: number;
  /** A file whose newest line is older goes; default never. */
  readonly maxAgeMs?: number;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
}

/** Lines that wait for a disk that takes nothing; what comes when there are more is lost, and counted. */
const mostWaitingBytes = 8 * 1024 * 1024;
const retryMs = 1_000;
const pruneEveryMs = 3600_000;

/** Each write is followed by an fsync; lines that come meanwhile share the next one. */
export class KeptLines {
  readonly #options: KeepOptions;
  #waiting: { readonly text: string; readonly at: number }[] = [];
  #waitingBytes = 0;
  /** Bytes of the newest file. */
  #bytes: number;
  /** When the newest file was begun; undefined while it is empty. */
  #begun: number | undefined;
  /** Whether the newest file ends within a line: what comes next begins a line of its own. */
  #isTorn: boolean;
  #pruned = 0;
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #problem: IsthmusError | undefined;
  #unreadable = 0;
  #lost = 0;
  #removals = 0;

  private constructor(options: KeepOptions, newest: string) {
    this.#options = options;
    this.#bytes = Buffer.byteLength(newest);
    this.#begun = linesOf<Dated>(newest.slice(0, newest.indexOf('\n'))).lines[0]?.at;
    this.#isTorn = newest !== '' && !newest.endsWith('\n');
  }

  /** Takes up what is there, and removes what is too old. Throws FILE_UNREADABLE. */
  static async open(options: KeepOptions): Promise<KeptLines> {
    const kept = new KeptLines(options, (await readFileIfAny(options.path)) ?? '');
    await kept.#prune();
    return kept;
  }

  /** Why the last write failed; undefined once one did not. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  /** Lines, among those read by `last`, that a crash had cut short. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Lines that never got to the disk. */
  get lost(): number {
    return this.#lost;
  }

  /** How many files went since it was opened. */
  get removals(): number {
    return this.#removals;
  }

  /** Resolves once it is on disk; or when it is not: then `problem` says why, and it is tried again. */
  append(value: Dated): Promise<void> {
    const text = `${JSON.stringify(value)}\n`;
    if (this.#waitingBytes + text.length > mostWaitingBytes) this.#lost++;
    else {
      this.#waiting.push({ text, at: value.at });
      this.#waitingBytes += text.length;
    }
    return this.flush();
  }

  /** Resolves once everything so far is on disk, or `problem` says why not. */
  flush(): Promise<void> {
    if (this.#waiting.length === 0) return this.#last;
    if (this.#next === undefined) {
      this.#next = this.#last.then(() => this.#write());
      this.#last = this.#next;
    }
    return this.#next;
  }

  /** The last lines, at most `limit`, oldest first. Throws FILE_UNREADABLE. */
  async last<T>(limit: number): Promise<T[]> {
    let found: T[] = [];
    for (let n = 0; n < this.#options.files && found.length < limit; n++) {
      const { lines, unreadable } = linesOf<T>((await readFileIfAny(this.#pathOf(n))) ?? '');
      this.#unreadable += unreadable;
      found = [...lines, ...found];
    }
    return found.slice(-limit);
  }

  /**
   * All lines, oldest first, but for files that were last written before `since`. Who asks while others read waits: many readers
   * take no more of the thread than one. Throws FILE_UNREADABLE.
   */
  async *read<T>(since = 0): AsyncGenerator<T> {
    const others = this.#reading;
    const read = Promise.withResolvers<void>();
    this.#reading = others.then(() => read.promise);
    await others;
    try {
      yield* this.#readNow<T>(since);
    } finally {
      read.resolve();
    }
  }

  async *#readNow<T>(since: number): AsyncGenerator<T> {
    // All are opened before any is read, and between writes: no line is met twice, or missed, because files move on.
    const opened = this.#last.then(() => this.#open(since));
    this.#last = opened.then(
      () => undefined,
      () => undefined, // Whoever reads has the failure.
    );
    const files = await opened;
    try {
      for (const file of files) {
        for await (const line of file.readLines({ autoClose: false })) {
          yield* linesOf<T>(line).lines;
        }
      }
    } finally {
      await Promise.all(files.map((file) => file.close()));
    }
  }

  async #open(since: number): Promise<FileHandle[]> {
    const files: FileHandle[] = [];
    for (let n = this.#options.files - 1; n >= 0; n--) {
      const path = this.#pathOf(n);
      try {
        const { mtimeMs } = await stat(path);
        if (mtimeMs >= since) files.push(await open(path));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
        await Promise.all(files.map((file) => file.close()));
        throw new IsthmusError('FILE_UNREADABLE', { what: String(cause), where: path, cause });
      }
    }
    return files;
  }

  async #write(): Promise<void> {
    this.#next = undefined;
    const { path, name, clock, log } = this.#options;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      while (this.#waiting.length > 0) await this.#writeSome();
      if (clock.now() - this.#pruned >= pruneEveryMs) await this.#prune();
      if (this.#problem) log.info({ path }, `the ${name} is written again`);
      this.#problem = undefined;
    } catch (thrown) {
      const err = asIsthmusError(thrown, 'FILE_UNWRITABLE');
      if (this.#problem === undefined) log.error({ err, path }, `the ${name} could not be written`);
      const what = `The ${name} could not be written: ${err.message}`;
      this.#problem = new IsthmusError('FILE_UNWRITABLE', { what, where: path, cause: thrown });
      // Of the lines some octets may be there.
      this.#isTorn = true;
      clock.after(retryMs, () => void this.flush());
    }
  }

  /** Writes as many lines as the newest file has room for, in a file of their own where it has room for none. */
  async #writeSome(): Promise<void> {
    const { path, maxBytes, files, maxAgeMs = Infinity } = this.#options;
    const room = Math.floor(maxBytes / files);
    const [first] = this.#waiting;
    if (first === undefined) return;
    const isFull = this.#bytes + Buffer.byteLength(first.text) > room;
    const isOld = this.#begun !== undefined && first.at - this.#begun > maxAgeMs / files;
    if (this.#bytes > 0 && (isFull || isOld)) await this.#beginAnew();
    let text = this.#isTorn ? '\n' : '';
    let lines = 0;
    for (const line of this.#waiting) {
      if (lines > 0 && this.#bytes + Buffer.byteLength(text + line.text) > room) break;
      text += line.text;
      lines++;
    }
    await appendFile(path, text, { mode: 0o600, flush: true });
    this.#bytes += Buffer.byteLength(text);
    this.#begun ??= first.at;
    this.#isTorn = false;
    for (const { text: written } of this.#waiting.splice(0, lines))
      this.#waitingBytes -= written.length;
  }

  /** A crash in between leaves a number out, and loses nothing. */
  async #beginAnew(): Promise<void> {
    const { files } = this.#options;
    const oldest = await stat(this.#pathOf(files - 1)).catch(unlessMissing);
    if (oldest !== undefined) this.#removals++;
    for (let n = files - 1; n > 0; n--) {
      await rename(this.#pathOf(n - 1), this.#pathOf(n)).catch(unlessMissing);
    }
    this.#bytes = 0;
    this.#begun = undefined;
    this.#isTorn = false;
  }

  /** Files that were written within wider bounds go too. */
  async #prune(): Promise<void> {
    const { files, maxAgeMs = Infinity, maxBytes, clock } = this.#options;
    const now = clock.now();
    this.#pruned = now;
    let bytes = 0;
    for (let n = 0; n < files; n++) {
      const path = this.#pathOf(n);
      const found = await stat(path).catch(unlessMissing);
      if (found === undefined) continue;
      const isTooOld = now - found.mtimeMs > maxAgeMs;
      const isTooMuch = n > 0 && bytes + found.size > maxBytes;
      if (!isTooOld && !isTooMuch) {
        bytes += found.size;
        continue;
      }
      await rm(path, { force: true });
      this.#removals++;
      if (n > 0) continue;
      this.#bytes = 0;
      this.#begun = undefined;
    }
  }

  #pathOf(n: number): string {
    const { path } = this.#options;
    return n === 0 ? path : path.replace(/\.jsonl$/, `.${n}.jsonl`);
  }
}

function unlessMissing(thrown: unknown): undefined {
  if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
}

/** A line that was cut short by a crash is passed over, and counted. */
function linesOf<T>(text: string): { readonly lines: T[]; readonly unreadable: number } {
  const lines: T[] = [];
  let unreadable = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      lines.push(JSON.parse(line) as T);
    } catch {
      unreadable++;
    }
  }
  return { lines, unreadable };
}
