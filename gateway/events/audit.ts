/** Owns the audit: every write to the admin API, with who asked and what became of it, in memory, in the log and on disk. */
import { appendFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { asIsthmusError } from '../../core/errors.ts';
import { readFileIfAny } from '../../core/files.ts';
import type { Log } from '../../core/log.ts';
import type { Role } from '../admin/access/roles.ts';
import { Ring, type Stamp } from './ring.ts';

/** A write as it was answered. Neither the query nor the body is kept: they may hold secrets. */
export interface AuditDraft {
  readonly who: string;
  readonly role: Role | 'none';
  readonly from: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly code?: string;
}
export type AuditEntry = AuditDraft & Stamp;

const kept = 1000;
/** The file and its one predecessor take up at most twice this. */
const maxFileBytes = 4 * 1024 * 1024;

export interface AuditOptions {
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Bytes after which a new file is begun; default 4 MiB. */
  readonly maxFileBytes?: number;
}

export class Audit {
  readonly #ring: Ring<AuditDraft>;
  readonly #path: string;
  readonly #log: Log;
  readonly #maxFileBytes: number;
  #bytes: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: AuditOptions, path: string, bytes: number) {
    this.#ring = new Ring(options.clock, kept);
    this.#path = path;
    this.#log = options.log;
    this.#maxFileBytes = options.maxFileBytes ?? maxFileBytes;
    this.#bytes = bytes;
  }

  /** Takes up the entries on disk: `audit.jsonl`, and before it `audit.1.jsonl`. Throws FILE_UNREADABLE. */
  static async open(options: AuditOptions): Promise<Audit> {
    const path = join(options.dataDir, 'audit.jsonl');
    const texts = [await readFileIfAny(previous(path)), await readFileIfAny(path)];
    const audit = new Audit(options, path, Buffer.byteLength(texts[1] ?? ''));
    audit.#ring.restore(texts.flatMap((text) => entriesOf(text ?? '')));
    return audit;
  }

  get items(): readonly AuditEntry[] {
    return this.#ring.items;
  }

  record(draft: AuditDraft): void {
    const entry = this.#ring.add(draft);
    this.#log.info({ audit: entry }, 'admin write');
    this.#writing = this.#writing.then(() => this.#append(entry));
  }

  /** Resolves once everything recorded so far is on disk, or the log says why not. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async #append(entry: AuditEntry): Promise<void> {
    const line = `${JSON.stringify(entry)}\n`;
    try {
      if (this.#bytes + line.length > this.#maxFileBytes) await this.#beginAnew();
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await appendFile(this.#path, line, { mode: 0o600, flush: true });
      this.#bytes += Buffer.byteLength(line);
    } catch (thrown) {
      const err = asIsthmusError(thrown, 'FILE_UNWRITABLE');
      this.#log.error({ err, path: this.#path }, 'the audit could not be written');
    }
  }

  async #beginAnew(): Promise<void> {
    await rename(this.#path, previous(this.#path));
    this.#bytes = 0;
  }
}

function previous(path: string): string {
  return path.replace(/\.jsonl$/, '.1.jsonl');
}

/** A line that was cut short by a crash is passed over. */
function entriesOf(text: string): AuditEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as AuditEntry];
    } catch {
      return [];
    }
  });
}
