/** Owns a file that has everything in its first line and each change since in a line below: a write costs what changed. */
import { open } from 'node:fs/promises';
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
      await append(this.path, text);
      this.#addedBytes = added + bytes;
    }
  }

  async #replace(line: string): Promise<void> {
    await writeFileAtomic(this.path, `${line}\n`);
    this.#wholeBytes = Buffer.byteLength(line);
    this.#addedBytes = 0;
  }
}

/** Throws FILE_UNWRITABLE; some of `text` may be there then. */
async function append(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'a', 0o600);
    try {
      await file.appendFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new IsthmusError('FILE_UNWRITABLE', { what: messageOf(cause), where: path, cause });
  }
}
