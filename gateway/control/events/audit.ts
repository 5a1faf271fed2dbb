/** Owns the audit: every write to the admin API, with who asked and what became of it, in memory, in the log and on disk. */
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Role } from '../roles.ts';
import { KeptRing } from './kept-ring.ts';
import { Ring, type Stamp } from './ring.ts';

/** A write as it was answered. Neither the query nor the body is kept: they may hold secrets. */
export interface AuditDraft {
  readonly who: string;
  readonly role: Role | 'none';
  readonly from: string;
  readonly method: string;
  readonly path: string;
  /** The operation's name, as the API's description has it; absent where there is none. */
  readonly operation?: string;
  /** The object of the operation: its names, and what the operation comes down to. */
  readonly object?: string;
  readonly status: number;
  readonly code?: string;
}
type AuditEntry = AuditDraft & Stamp;

const kept = 1000;

interface AuditOptions {
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Bytes after which a new file is begun; default 4 MiB. */
  readonly maxFileBytes?: number;
}

export class Audit {
  readonly #ring: Ring<AuditDraft>;
  readonly #log: Log;
  readonly #kept: KeptRing;

  private constructor(ring: Ring<AuditDraft>, log: Log, onDisk: KeptRing) {
    this.#ring = ring;
    this.#log = log;
    this.#kept = onDisk;
  }

  /** Takes up the entries on disk: `audit.jsonl`, and before it `audit.1.jsonl`. Throws FILE_UNREADABLE. */
  static async open({ dataDir, clock, log, maxFileBytes }: AuditOptions): Promise<Audit> {
    const ring = new Ring<AuditDraft>(clock, kept);
    const path = join(dataDir, 'audit.jsonl');
    return new Audit(
      ring,
      log,
      await KeptRing.open(ring, { path, name: 'audit', log, maxFileBytes }),
    );
  }

  get items(): readonly AuditEntry[] {
    return this.#ring.items;
  }

  record(draft: AuditDraft): void {
    this.#log.info({ audit: this.#ring.add(draft) }, 'admin write');
  }

  /** Resolves once everything recorded so far is on disk, or the log says why not. */
  flush(): Promise<void> {
    return this.#kept.flush();
  }
}
