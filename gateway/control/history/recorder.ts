/** Owns writing a history: what has changed since it was last written, so often that neither a flapping endpoint nor a flood fills the disk. */
import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../core/clock.ts';
import type { KeptLines } from '../../../core/kept-lines.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { Changes } from '../changes.ts';
import { type BelievingParts, clusterFact, policyFacts, serviceFact, shiftsFact } from './facts.ts';
import type { HistoryLine } from './past.ts';

/** The parts of a gateway whose beliefs are written down. */
export interface RecordedParts extends BelievingParts {
  readonly catalog: { services(): Iterable<ServiceName> };
  readonly changes: Pick<Changes, 'join'>;
  readonly clock: Clock;
}

/** Changes within this time are told together, and what changed back is not. */
const shortestPauseMs = 2_000;
const longestPauseMs = 60_000;
/** After a line of so many bytes the pause is a second longer. */
const bytesPerSecond = 32 * 1024;
/** Facts of a line at most: what a turn of the event loop has time for. */
const factsPerLine = 100;
/** Everything is told anew once the changes since take up as much, and at least so many bytes. */
const leastChangedBytes = 256 * 1024;

/** Pure: milliseconds until the next line, after one of `bytes`. */
export function pauseAfter(bytes: number): number {
  return Math.min(longestPauseMs, shortestPauseMs + Math.floor((bytes / bytesPerSecond) * 1_000));
}

type Fact = readonly [name: string, fact: object | undefined];

export class Recorder {
  readonly #gateway: RecordedParts;
  readonly #lines: Pick<KeptLines, 'append' | 'flush'>;
  readonly #log: Log;
  /** What of each fact is written, as a digest. */
  readonly #written = new Map<string, string>();
  readonly #services = new Set<ServiceName>();
  readonly #clusters = new Set<ClusterName>();
  #arePoliciesNew = false;
  #areShiftsNew = false;
  #wholeBytes = 0;
  #changedBytes = 0;
  #cancel: (() => void) | undefined;
  #pauseMs = shortestPauseMs;
  readonly #leave: () => void;
  #running: Promise<void>;
  #isClosed = false;

  constructor(gateway: RecordedParts, lines: Pick<KeptLines, 'append' | 'flush'>, log: Log) {
    this.#gateway = gateway;
    this.#log = log;
    this.#lines = lines;
    const noted = (note: () => void) => {
      note();
      this.#later();
    };
    const everyCluster = () => noted(() => this.#noteClusters());
    this.#leave = gateway.changes.join({
      snapshot: ({ services, clusters }) =>
        noted(() => {
          for (const service of services) this.#services.add(service);
          for (const cluster of clusters) this.#clusters.add(cluster);
        }),
      endpoints: (service) => noted(() => this.#services.add(service)),
      link: (cluster) => noted(() => this.#clusters.add(cluster)),
      membership: everyCluster,
      trust: everyCluster,
      policies: () => noted(() => (this.#arePoliciesNew = true)),
      effects: () => noted(() => (this.#areShiftsNew = true)),
    });
    this.#running = Promise.resolve();
    void this.#next(() => this.#writeAll(true));
  }

  /** Resolves once what has changed so far is written. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#next(() => this.#write());
    await this.#lines.flush();
  }

  async close(): Promise<void> {
    this.#leave();
    await this.flush();
    this.#isClosed = true;
    this.#cancel?.();
  }

  #later(): void {
    if (this.#isClosed) return;
    this.#cancel ??= this.#gateway.clock.after(this.#pauseMs, () => {
      this.#cancel = undefined;
      void this.#next(() => this.#write());
    });
  }

  /** One after the other. */
  #next(write: () => Promise<void>): Promise<void> {
    this.#running = this.#running
      .then(write)
      .catch((err) => this.#log.error({ err }, 'the history could not be written'));
    return this.#running;
  }

  #noteClusters(): void {
    const { membership, snapshot } = this.#gateway;
    for (const name of this.#written.keys()) {
      if (name.startsWith('cluster/')) this.#clusters.add(name.slice(8) as ClusterName);
    }
    for (const cluster of snapshot.clusters.keys()) this.#clusters.add(cluster);
    for (const cluster of membership.believed) this.#clusters.add(cluster);
  }

  async #write(): Promise<void> {
    // At a start nearly all is news, which need not be told twice.
    if (this.#services.size > Math.max(factsPerLine, this.#written.size)) {
      await this.#writeAll(false);
    }
    const bytes = await this.#appendAll(this.#changed(), {});
    this.#pauseMs = pauseAfter(bytes);
    this.#changedBytes += bytes;
    if (this.#changedBytes > Math.max(leastChangedBytes, this.#wholeBytes)) {
      await this.#writeAll(false);
    }
  }

  /** What changes while these are looked up is among the next. */
  *#changed(): Generator<Fact> {
    const gateway = this.#gateway;
    const [clusters, services] = [[...this.#clusters], [...this.#services]];
    const [arePoliciesNew, areShiftsNew] = [this.#arePoliciesNew, this.#areShiftsNew];
    this.#nothingChanged();
    for (const cluster of clusters) yield [`cluster/${cluster}`, clusterFact(gateway, cluster)];
    for (const service of services) yield [`service/${service}`, serviceFact(gateway, service)];
    if (arePoliciesNew) yield* this.#policies();
    if (areShiftsNew) yield ['shifts', shiftsFact(gateway)];
  }

  #nothingChanged(): void {
    this.#clusters.clear();
    this.#services.clear();
    this.#arePoliciesNew = false;
    this.#areShiftsNew = false;
  }

  *#policies(): Generator<Fact> {
    const now = new Map(policyFacts(this.#gateway));
    yield* now;
    for (const name of this.#written.keys()) {
      if (name.startsWith('policy/') && !now.has(name)) yield [name, undefined];
    }
  }

  /** Everything; what changes meanwhile is written afterwards. */
  async #writeAll(isStart: boolean): Promise<void> {
    this.#written.clear();
    this.#nothingChanged();
    this.#changedBytes = 0;
    const first: Partial<HistoryLine> = { begin: true, ...(isStart && { start: true }) };
    this.#wholeBytes = await this.#appendAll(this.#all(), first, { whole: true });
  }

  /** Appends as many lines as it takes, each in a turn of the event loop; returns the bytes of them. */
  async #appendAll(
    all: Iterable<Fact>,
    first: Partial<HistoryLine>,
    last: Partial<HistoryLine> = {},
  ): Promise<number> {
    let facts: Fact[] = [];
    let mark = first;
    let bytes = 0;
    for (const fact of all) {
      facts.push(fact);
      if (facts.length < factsPerLine) continue;
      bytes += this.#append(facts, mark);
      facts = [];
      mark = {};
      await this.#lines.flush();
      await nextTurn();
    }
    return bytes + this.#append(facts, { ...mark, ...last });
  }

  *#all(): Generator<Fact> {
    const gateway = this.#gateway;
    const { catalog, membership, snapshot } = gateway;
    const clusters = new Set([...snapshot.clusters.keys(), ...membership.believed]);
    for (const cluster of clusters) yield [`cluster/${cluster}`, clusterFact(gateway, cluster)];
    const services = new Set<ServiceName>(catalog.services());
    for (const { service } of snapshot.services.values()) services.add(service);
    for (const service of services) yield [`service/${service}`, serviceFact(gateway, service)];
    yield* policyFacts(gateway);
    yield ['shifts', shiftsFact(gateway)];
  }

  /** Writes those that are other than they were written; returns the bytes of that. */
  #append(facts: readonly Fact[], mark: Partial<HistoryLine>): number {
    const set: Record<string, object> = {};
    const gone: string[] = [];
    let bytes = 0;
    for (const [name, fact] of facts) {
      if (fact === undefined) {
        if (this.#written.delete(name)) gone.push(name);
        continue;
      }
      const text = JSON.stringify(fact);
      const digest = hash('sha1', text, 'base64');
      if (this.#written.get(name) === digest) continue;
      this.#written.set(name, digest);
      set[name] = fact;
      bytes += name.length + text.length;
    }
    const isSame = bytes === 0 && gone.length === 0;
    if (isSame && Object.keys(mark).length === 0) return 0;
    const { clock, snapshot } = this.#gateway;
    const { revision } = snapshot;
    const line = { at: clock.now(), revision, ...mark, set, ...(gone.length > 0 && { gone }) };
    void this.#lines.append(line);
    return bytes;
  }
}
