/** Owns the public keys of the issuers whose tokens policies take: fetched, fetched anew, kept on disk, and used for a while where none can be had. */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../../../core/errors.ts';
import { writeFileAtomic } from '../../../core/files.ts';
import { KeptFile } from '../../../core/kept-file.ts';
import type { Log } from '../../../core/log.ts';
import { type PublicKey, publicKeys } from '../../../policy/authentication/json-web-keys.ts';
import type { Policies } from '../../../policy/effective.ts';
import { type KeyRingContents, keyRingName } from '../../data/request/authenticate/key-rings.ts';
import { fetchKeys, type KeptSource } from './fetch-keys.ts';

interface IssuerKeysOptions {
  /** Where they are kept from one start to the next. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** There are others than before. */
  changed(): void;
}

/** Keys as they were had last. */
interface Had {
  readonly keys: readonly PublicKey[];
  /** Wall milliseconds. */
  readonly at: number;
}

interface Entry {
  source: KeptSource;
  had: Had | undefined;
  problem: IsthmusError | undefined;
  cancel(): void;
}

const retryMs = 10_000;
/** Within these a `max-age` of the issuer's holds. */
const shortestMs = 60_000;
const longestMs = 3600_000;
/** A file on this machine costs little to look at. */
const fileLookMs = 10_000;

const keptSchema = z.record(z.string(), z.object({ at: z.number(), keys: z.array(z.unknown()) }));

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #fetching = new Set<Promise<void>>();
  /** Of the last start, for sources that come. */
  #kept: ReadonlyMap<string, Had> = new Map();
  readonly #file: KeptFile;
  #isClosed = false;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    const what = "issuers' keys";
    this.#file = new KeptFile({ ...options, what, write: () => this.#write() });
  }

  /** Takes up what is on disk. */
  async recall(): Promise<void> {
    try {
      const kept = keptSchema.parse(JSON.parse(await readFile(this.#options.path, 'utf8')));
      this.#kept = new Map(
        Object.entries(kept).map(([name, { at, keys }]) => [
          name,
          { at, keys: publicKeys(JSON.stringify({ keys })) },
        ]),
      );
    } catch {
      // There is none, or none that can be read: they are fetched.
    }
  }

  /** Has the keys of all sources that policies name from now on, and of no others. */
  follow(policies: Policies): void {
    const wanted = sourcesIn(policies);
    let isNews = false;
    for (const [name, { cancel }] of [...this.#entries]) {
      if (wanted.has(name)) continue;
      cancel();
      this.#entries.delete(name);
      isNews = true;
    }
    for (const [name, source] of wanted) {
      const known = this.#entries.get(name);
      if (known) known.source = source;
      else {
        const had = this.#kept.get(name);
        const entry: Entry = { source, had, problem: undefined, cancel: () => {} };
        this.#entries.set(name, entry);
        isNews ||= had !== undefined;
        this.#fetch(name, entry);
      }
    }
    if (isNews) this.#options.changed();
  }

  /** Those that may be used now. */
  get current(): KeyRingContents {
    const now = this.#options.clock.now();
    const current = new Map<string, readonly PublicKey[]>();
    for (const [name, { source, had }] of this.#entries) {
      if (had && now - had.at < source.staleForMs) current.set(name, had.keys);
    }
    return current;
  }

  /** One for each source that can't be had now, and one where they can't be kept. */
  get problems(): readonly IsthmusError[] {
    const { problem } = this.#file;
    const unkept = problem ? [problem] : [];
    return [...unkept, ...[...this.#entries.values()].flatMap((entry) => entry.problem ?? [])];
  }

  /** Resolves when all that are asked for by now were had, or could not be, or after `limitMs`. */
  async settled(limitMs: number): Promise<void> {
    if (this.#fetching.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(limitMs, resolve);
      void Promise.all(this.#fetching).then(() => {
        cancel();
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { cancel } of this.#entries.values()) cancel();
    this.#entries.clear();
    await this.#file.close();
  }

  #fetch(name: string, entry: Entry): void {
    const fetching = this.#fetchOnce(name, entry).finally(() => this.#fetching.delete(fetching));
    this.#fetching.add(fetching);
  }

  /** Never rejects. */
  async #fetchOnce(name: string, entry: Entry): Promise<void> {
    const { clock, log, changed } = this.#options;
    let waitMs = retryMs;
    const wasUsable = this.#isUsable(entry);
    try {
      const { keys, maxAgeMs } = await fetchKeys(entry.source);
      if (this.#entries.get(name) !== entry) return;
      const isSame = isDeepStrictEqual(entry.had?.keys, keys) && wasUsable;
      entry.had = { keys, at: clock.now() };
      entry.problem = undefined;
      waitMs = waitFor(entry.source, maxAgeMs);
      if (!isSame) changed();
      void this.#file.save();
    } catch (thrown) {
      if (this.#entries.get(name) !== entry) return;
      const problem = asIsthmusError(thrown);
      if (problem.message !== entry.problem?.message) {
        log.error({ err: problem }, "an issuer's keys can't be had");
      }
      entry.problem = problem;
    }
    if (this.#isClosed) return;
    const { had, source } = entry;
    const staleInMs = had ? had.at + source.staleForMs - clock.now() : Infinity;
    // What grows stale is told as it does.
    const isStaleFirst = staleInMs > 0 && staleInMs < waitMs;
    entry.cancel = clock.after(isStaleFirst ? staleInMs : waitMs, () => {
      if (isStaleFirst) changed();
      this.#fetch(name, entry);
    });
  }

  #isUsable({ had, source }: Entry): boolean {
    return had !== undefined && this.#options.clock.now() - had.at < source.staleForMs;
  }

  #write(): Promise<void> {
    const kept = [...this.#entries].flatMap(([name, { had }]) => (had ? [[name, had]] : []));
    return writeFileAtomic(this.#options.path, `${JSON.stringify(Object.fromEntries(kept))}\n`);
  }
}

function waitFor({ kind, refreshMs }: KeptSource, maxAgeMs: number | undefined): number {
  if (kind === 'file') return Math.min(fileLookMs, refreshMs);
  return maxAgeMs === undefined ? refreshMs : Math.min(longestMs, Math.max(shortestMs, maxAgeMs));
}

/** By name; of one that several rules name with other times the shortest refresh and the longest use hold. */
function sourcesIn(policies: Policies): ReadonlyMap<string, KeptSource> {
  const sources = new Map<string, KeptSource>();
  for (const policy of policies) {
    if (policy.kind !== 'Authentication') continue;
    for (const { keys } of policy.spec.jwtRules) {
      const name = keyRingName(keys);
      if (name === undefined || keys.kind === 'inline') continue;
      const before = sources.get(name);
      sources.set(name, {
        ...keys,
        refreshMs: Math.min(keys.refreshMs, before?.refreshMs ?? Infinity),
        staleForMs: Math.max(keys.staleForMs, before?.staleForMs ?? 0),
      });
    }
  }
  return sources;
}
