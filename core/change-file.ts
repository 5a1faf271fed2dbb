/** Owns a file that has everything in its first line and each change since in a line below: a write costs what changed. */
import { type FileHandle, open } from 'node:fs/promises';
import { IsthmusError, messageOf } from './errors.ts';
import { readFileIfAny, writeFileAtomic } from './files.ts';

/** Changes take up this much, or as much as everything did when it was last written, before everything is written again. */
const slackBytes = 64 * 1024;

export class ChangeFile {
  readonly path: string;
  /** Octets of the first line. */
  #wholeBytes = 0;
  /** Octets of the lines below it; undefined where no line can be added. */
  #addedBytes: number | undefined;
  /** Open for lines to be added, from the first of them until everything is written anew. */
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Its lines; undefined where there is no file. A last line that a crash cut short was never said to be written, and is
   * passed over. Throws FILE_UNREADABLE.
   */
  async read(): Promise<readonly string[] | undefined> {
    const text = await readFileIfAny(this.path);
    if (text === undefined) return undefined;
    const lines = text.split('\n');
    const rest = lines.length > 1 ? lines.pop() : undefined;
    this.#wholeBytes = Buffer.byteLength(lines[0] ?? '');
    this.#addedBytes = rest === '' ? Buffer.byteLength(text) - this.#wholeBytes : undefined;
    return lines;
  }

  /**
   * Adds lines for what changed, or writes everything anew where that is due; resolves once it would outlive a power cut.
   * `whole` gives the first line, with these changes in it. Throws FILE_UNWRITABLE; then the next write is of everything.
   */
  async write(changes: readonly string[], whole: () => string): Promise<void> {
    const text = changes.map((line) => `${line}\n`).join('');
    const bytes = Buffer.byteLength(text);
    const added = this.#addedBytes;
    this.#addedBytes = undefined;
    if (added === undefined || added + bytes > this.#wholeBytes + slackBytes) {
      await this.#replace(whole());
    } else {
      await this.#append(text);
      this.#addedBytes = added + bytes;
    }
  }

  /** Lets go of the file; the next write opens it again. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Some of `text` may be there when it throws. */
  async #append(text: string): Promise<void> {
    try {
      // Written through: one call to a thread that waits for the disk, where opening, writing, syncing and closing are four.
      this.#file ??= await open(this.path, 'as', 0o600);
      await this.#file.appendFile(text);
    } catch (cause) {
      await this.close().catch(() => {}); // The first failure is the one to tell.
      throw new IsthmusError('FILE_UNWRITABLE', {
        what: messageOf(cause),
        where: this.path,
        cause,
      });
    }
  }

  async #replace(line: string): Promise<void> {
    await this.close();
    await writeFileAtomic(this.path, `${line}\n`);
    this.#wholeBytes = Buffer.byteLength(line);
    this.#addedBytes = 0;
  }
}
