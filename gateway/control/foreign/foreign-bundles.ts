/** Owns the bundles of trust domains outside of the federation: fetched, fetched anew at their hint, kept on disk, and the last good one in force. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Bundle, bundleFingerprint, parseBundle } from '../../../certs/bundle.ts';
import { parseSpiffeId, type TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError, messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { ForeignConfig } from '../config/trust.ts';
import { type EndpointProof, fetchBundle } from './fetch-bundle.ts';
import { type Believed, keep, recalled } from './kept-bundles.ts';
import { nextFetchMs } from './next-fetch.ts';
import { assertNotOutdated } from './superseding.ts';

interface ForeignBundlesOptions {
  readonly config: Pick<GatewayConfig, 'baseDir' | 'dataDir' | 'trust'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Others are believed than before. */
  changed(): void;
}

/** How one foreign trust domain stands. Moments are wall milliseconds. */
export interface ForeignStanding {
  readonly config: ForeignConfig;
  readonly believed: Believed | undefined;
  /** Why the last look brought nothing; undefined where it did, or there was none yet. */
  readonly problem: IsthmusError | undefined;
  /** When it is looked again; undefined while that is under way. */
  readonly nextAt: number | undefined;
}

interface Entry {
  readonly config: ForeignConfig;
  believed: Believed | undefined;
  problem: IsthmusError | undefined;
  nextAt: number | undefined;
  fetching: Promise<void> | undefined;
  cancel(): void;
}

export class ForeignBundles {
  readonly #options: ForeignBundlesOptions;
  readonly #path: string;
  readonly #entries = new Map<TrustDomain, Entry>();
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: ForeignBundlesOptions) {
    this.#options = options;
    this.#path = join(options.config.dataDir, 'foreign-bundles.json');
    // From the first moment on: a name in one of these trust domains is vouched for by its bundle, or by nobody.
    for (const one of options.config.trust.foreign) this.#add(one);
  }

  /** Takes up what is on disk, and begins to look for newer ones. */
  async start(): Promise<void> {
    const { config, log } = this.#options;
    if (config.trust.foreign.length === 0) return;
    const kept = await recalled(this.#path).catch((err: unknown) => {
      log.error({ err }, 'the foreign bundles on disk can not be read; they are fetched anew');
      return new Map<TrustDomain, Believed>();
    });
    for (const [trustDomain, entry] of this.#entries) {
      entry.believed = kept.get(trustDomain);
      void this.#look(entry);
    }
    this.#options.changed();
  }

  /** Has the bundles of these trust domains from now on, and forgets all others. */
  follow(foreign: readonly ForeignConfig[]): void {
    const wanted = new Set(foreign.map(({ trustDomain }) => trustDomain));
    let isNews = false;
    for (const [trustDomain, { cancel }] of [...this.#entries]) {
      if (wanted.has(trustDomain)) continue;
      cancel();
      this.#entries.delete(trustDomain);
      isNews = true;
    }
    for (const one of foreign) {
      const entry = this.#entries.get(one.trustDomain);
      if (entry === undefined) void this.#look(this.#add(one));
      else if (!isDeepStrictEqual(entry.config, one)) {
        // A look that is under way goes by the configuration before, and counts no more.
        entry.cancel();
        const { believed } = entry;
        void this.#look(Object.assign(this.#add(one), { believed }));
      }
      isNews ||= entry === undefined;
    }
    if (!isNews) return;
    this.#options.changed();
    this.#keep();
  }

  /** One for each foreign trust domain; without a root where none is known yet, so that nobody of it is believed. */
  get current(): readonly Bundle[] {
    return Array.from(this.#entries, ([trustDomain, { believed }]) => {
      return believed?.bundle ?? { trustDomain, sequence: 0, refreshHintSeconds: 0, roots: [] };
    });
  }

  get standings(): readonly ForeignStanding[] {
    return Array.from(this.#entries.values(), ({ config, believed, problem, nextAt }) => {
      return { config, believed, problem, nextAt };
    });
  }

  /** One for each trust domain whose bundle could not be had at the last look. */
  get problems(): readonly IsthmusError[] {
    return [...this.#entries.values()].flatMap(({ problem }) => problem ?? []);
  }

  /** Looks for all of them now. Never rejects: what is wrong is in `problems`. */
  async look(): Promise<void> {
    await Promise.all(Array.from(this.#entries.values(), (entry) => this.#look(entry)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { cancel } of this.#entries.values()) cancel();
    this.#entries.clear();
    await this.#writing;
  }

  #add(config: ForeignConfig): Entry {
    const entry: Entry = {
      config,
      ...{ believed: undefined, problem: undefined, nextAt: undefined, fetching: undefined },
      cancel() {},
    };
    this.#entries.set(config.trustDomain, entry);
    return entry;
  }

  /** Never rejects. One look of an entry at a time. */
  #look(entry: Entry): Promise<void> {
    entry.cancel();
    entry.fetching ??= this.#lookOnce(entry).finally(() => {
      entry.fetching = undefined;
      this.#lookLater(entry);
    });
    return entry.fetching;
  }

  #lookLater(entry: Entry): void {
    if (!this.#isCurrent(entry)) return;
    const { clock, random } = this.#options;
    const waitMs = nextFetchMs(entry.believed?.bundle.refreshHintSeconds, random);
    entry.nextAt = clock.now() + waitMs;
    entry.cancel = clock.after(waitMs, () => void this.#look(entry));
  }

  async #lookOnce(entry: Entry): Promise<void> {
    const { clock, log } = this.#options;
    const { trustDomain, url } = entry.config;
    entry.nextAt = undefined;
    try {
      await this.#readFile(entry);
      const proof = await this.#proofOf(entry.config);
      const json = await fetchBundle({ url, proof, now: clock.now() });
      const bundle = parseBundle(json, trustDomain);
      assertNotOutdated(entry.believed?.bundle, bundle);
      this.#believe(entry, { ...entry.believed, bundle, at: clock.now() });
      entry.problem = undefined;
    } catch (thrown) {
      if (!this.#isCurrent(entry)) return;
      const problem = problemOf(entry, thrown);
      if (problem.message !== entry.problem?.message) {
        log.error({ err: problem }, 'a foreign bundle can not be had');
      }
      entry.problem = problem;
    }
  }

  /**
   * Believes the bundle of the file at the first contact, and again once the file has become another: then an administrator has put
   * there what the trust domain's own administrators gave him.
   */
  async #readFile(entry: Entry): Promise<void> {
    const { bundle: path, trustDomain } = entry.config;
    if (path === undefined) return;
    const text = await this.#read(path).catch((thrown: unknown) => {
      if (entry.believed === undefined) throw thrown;
      return undefined; // What was had by it is believed already.
    });
    if (text === undefined) return;
    const file = createHash('sha256').update(text).digest('base64url');
    if (file === entry.believed?.file) return;
    this.#believe(entry, { bundle: parseBundle(jsonOf(text, path), trustDomain), file });
  }

  async #proofOf({ profile, endpointSpiffeId, ca }: ForeignConfig): Promise<EndpointProof> {
    if (profile === 'https_web' || endpointSpiffeId === undefined) {
      return { profile: 'https_web', roots: ca === undefined ? undefined : await this.#read(ca) };
    }
    const { trustDomain } = parseSpiffeId(endpointSpiffeId);
    const bundle = this.#entries.get(trustDomain)?.believed?.bundle;
    if (bundle) return { profile, id: endpointSpiffeId, bundle };
    throw new IsthmusError('BUNDLE_UNREACHABLE', {
      what: `The endpoint is in ${trustDomain}, whose own bundle is not known yet`,
    });
  }

  /** Throws FILE_UNREADABLE. */
  async #read(path: string): Promise<string> {
    try {
      return await readFile(resolve(this.#options.config.baseDir, path), 'utf8');
    } catch (cause) {
      throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
    }
  }

  #believe(entry: Entry, believed: Believed): void {
    if (!this.#isCurrent(entry)) return;
    const { log, changed } = this.#options;
    const { bundle } = believed;
    const before = entry.believed?.bundle;
    entry.believed = believed;
    this.#keep();
    if (before && bundleFingerprint(before) === bundleFingerprint(bundle)) return;
    const { trustDomain, sequence, roots } = bundle;
    log.info({ trustDomain, sequence, roots: roots.length }, 'a foreign bundle is another');
    if (before && before.sequence === sequence && sequence > 0) {
      log.warn({ trustDomain, sequence }, 'a foreign bundle has changed, and its sequence has not');
    }
    changed();
  }

  #isCurrent(entry: Entry): boolean {
    return !this.#isClosed && this.#entries.get(entry.config.trustDomain) === entry;
  }

  #keep(): void {
    const { log } = this.#options;
    this.#writing = this.#writing.then(async () => {
      if (this.#isClosed) return;
      const all = [...this.#entries.values()].flatMap(({ believed }) => believed ?? []);
      await keep(this.#path, all).catch((err: unknown) =>
        log.warn({ err }, 'foreign bundles are not kept on disk'),
      );
    });
  }
}

/** Throws BUNDLE_INVALID. */
function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IsthmusError('BUNDLE_INVALID', { what: `It is no JSON: ${messageOf(cause)}`, where });
  }
}

const changedRoots =
  'If its roots were changed while nobody looked here, put the bundle that its administrators give you in place of the file `bundle`.';

function problemOf({ config }: Entry, thrown: unknown): IsthmusError {
  const { code, message, where, fix, cause } = asIsthmusError(thrown);
  const place = `trust.foreign ${config.trustDomain}`;
  return new IsthmusError(code, {
    what: message,
    where: where === undefined ? place : `${place}: ${where}`,
    fix: code === 'CERT_UNTRUSTED' && config.bundle !== undefined ? changedRoots : fix,
    cause,
  });
}
