/** Owns the audit: every change that was asked for, by whom and what became of it, in memory, in the log and on disk. */
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { IsthmusError } from '../../../core/errors.ts';
import type { KeptLines } from '../../../core/kept-lines.ts';
import type { Log } from '../../../core/log.ts';
import type { AuditConfig } from '../config/audit.ts';
import { KeptRing } from '../events/kept-ring.ts';
import { Ring, type Stamp, wallTimeOf } from '../events/ring.ts';
import type { AuditDraft } from './entry.ts';
import { Strangers } from './strangers.ts';

export type AuditEntry = AuditDraft & Stamp;

/** Entries that are in memory too. */
const recent = 1000;
const files = 8;
const dayMs = 24 * 3600_000;

interface AuditOptions {
  readonly dataDir: string;
  readonly keep: Pick<AuditConfig, 'maxBytes' | 'maxAgeDays'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface AuditSearch {
  /** Wall milliseconds; without it, and without `after`, only the last entries, those in memory, are looked at. */
  readonly since?: number | undefined;
  /** Wall milliseconds. */
  readonly until?: number | undefined;
  /** Id of an entry: only later ones. */
  readonly after?: string | undefined;
  readonly limit: number;
  matches(entry: AuditEntry): boolean;
}

export class Audit {
  readonly #options: AuditOptions;
  readonly #ring: Ring<AuditDraft>;
  readonly #strangers: Strangers;
  #kept: KeptRing | undefined;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#ring = new Ring<AuditDraft>(options.clock, recent);
    this.#strangers = new Strangers(options.clock);
  }

  /** Takes up the entries on disk, `audit.jsonl` and those before it, and keeps those that came already. Throws FILE_UNREADABLE. */
  async open(): Promise<void> {
    const { dataDir, keep, clock, log } = this.#options;
    this.#kept = await KeptRing.open(this.#ring, {
      path: join(dataDir, 'audit.jsonl'),
      name: 'audit',
      maxBytes: keep.maxBytes,
      files,
      maxAgeMs: keep.maxAgeDays * dayMs,
      clock,
      log,
    });
    const { unreadable } = this.#kept.lines;
    if (unreadable > 0) log.warn({ unreadable }, 'lines of the audit were cut short by a crash');
  }

  /** The last, oldest first. */
  get items(): readonly AuditEntry[] {
    return this.#ring.items;
  }

  /** Entries that are not in the audit, or not on disk, as far as that is known. */
  get missing(): Readonly<Record<'left-out' | 'unreadable' | 'lost', number>> {
    const { unreadable = 0, lost = 0 } = this.#kept?.lines ?? {};
    return { 'left-out': this.#strangers.total, unreadable, lost };
  }

  /** Why entries are in memory only. */
  get problem(): IsthmusError | undefined {
    return this.#kept?.lines.problem;
  }

  /** How many files went since the start, for bytes or age, and the entries in them. */
  get removals(): number {
    return this.#kept?.lines.removals ?? 0;
  }

  /** Resolves once it is on disk, or the log says why not. */
  record(draft: AuditDraft): Promise<void> {
    const isStranger = draft.role === 'none' && draft.status >= 400;
    const leftOut = isStranger ? this.#strangers.enter() : 0;
    if (leftOut === undefined) return Promise.resolve();
    const entry = this.#ring.add(leftOut === 0 ? draft : { ...draft, leftOut });
    this.#options.log.info({ audit: entry }, 'admin write');
    return this.flush();
  }

  /** Calls `subscriber` with each entry from now on; returns a function that stops that. */
  onRecord(subscriber: (entry: AuditEntry) => void): () => void {
    return this.#ring.onAdd(subscriber);
  }

  /** The first entries that match, oldest first, and whether there are more. Throws FILE_UNREADABLE. */
  async find(search: AuditSearch): Promise<{ items: AuditEntry[]; more: boolean }> {
    const { since, until = Infinity, after = '', limit, matches } = search;
    const items: AuditEntry[] = [];
    let last = after;
    for await (const entry of this.#beginningWith(search)) {
      // A write that was tried again may have left a line twice.
      if (entry.id <= last || entry.at < (since ?? 0) || entry.at > until) continue;
      last = entry.id;
      if (!matches(entry)) continue;
      if (items.length === limit) return { items, more: true };
      items.push(entry);
    }
    return { items, more: false };
  }

  /** Resolves once everything recorded so far is on disk, or the log says why not. */
  async flush(): Promise<void> {
    await this.#kept?.flush();
  }

  #beginningWith({ since, after }: AuditSearch): AsyncIterable<AuditEntry> | Iterable<AuditEntry> {
    const { items, limit } = this.#ring;
    const [first] = items;
    const isAll = this.#kept === undefined || first === undefined || items.length < limit;
    const isLast = since === undefined && after === undefined;
    const isInMemory = isAll || isLast || (after ?? '') >= first.id || (since ?? 0) > first.at;
    if (isInMemory || this.#kept === undefined) return [...items];
    return this.#fromDisk(this.#kept.lines, after === undefined ? since : wallTimeOf(after));
  }

  /** Those that are not on disk yet are in memory. */
  async *#fromDisk(lines: KeptLines, since: number | undefined): AsyncGenerator<AuditEntry> {
    yield* lines.read<AuditEntry>(since);
    yield* [...this.#ring.items];
  }
}
