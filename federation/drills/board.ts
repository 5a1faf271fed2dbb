/** Owns the drill records of the registry: every one below `drills/`, believed or refused, as it changes. */
import type { Clock, Random } from '../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, FederationName } from '../../core/names.ts';
import { type DrillKey, decodeDrillKey, drillsPrefix } from '../../registry/drill-keys.ts';
import { Informer, type PrefixChange } from '../../registry/informer.ts';
import { parseRecord } from '../../registry/model.ts';
import type { RawChange } from '../../registry/record-reader.ts';
import type { Store, StoredValue } from '../../registry/store.ts';
import { type History, withSample } from './measures.ts';
import {
  type DrainRecord,
  type DrillRecords,
  type FailoverRecord,
  inForce,
  type MeasureRecord,
  recordSchemas,
} from './records.ts';

type OrderRecord = DrainRecord | FailoverRecord;

interface DrillBoardOptions {
  readonly store: Store;
  readonly federation: FederationName;
  /** Throws unless `cluster` signed the record, given as it was stored. */
  verify(cluster: ClusterName, key: string, raw: unknown): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The record at `key` changed. `fresh`: it was seen to change, and not found in a list. */
  changed(key: DrillKey, fresh: boolean): void;
}

/** A gateway may move traffic on account of all but this: counts can only end a drill. */
const unsigned: DrillKey['kind'] = 'measures';

/** Everything is kept by its registry key: what a cluster writes can't hide what another one wrote. */
export class DrillBoard {
  readonly problems = new Map<string, IsthmusError>();
  readonly #options: DrillBoardOptions;
  readonly #informer: Informer;
  readonly #records = new Map<string, { readonly key: DrillKey; readonly record: object }>();
  readonly #refused = new Map<string, StoredValue>();
  readonly #histories = new Map<string, History>();
  /** Orders that the registry lost, or has an older one of: undoing one is written, so they stay as they are known. */
  readonly #unheld = new Set<string>();
  #listed = false;

  constructor(options: DrillBoardOptions) {
    const { store, federation, clock, random, log } = options;
    this.#options = options;
    this.#informer = new Informer({
      store,
      clock,
      random,
      log,
      prefixes: [drillsPrefix(federation)],
      handler: {
        synced: (_prefix, values) => {
          this.#listed = true;
          const there = new Set(values.map(({ key }) => key));
          for (const key of [...this.#records.keys()]) if (!there.has(key)) this.#delete(key);
          for (const value of values) this.#put(value, false);
        },
        changed: (_prefix, change) => this.#changed(change),
      },
    });
  }

  start(): void {
    this.#informer.start();
  }

  close(): void {
    this.#informer.close();
  }

  /** Asks the registry now, where it waits before it asks again. */
  hurry(): void {
    this.#informer.hurry();
  }

  /** Whether everything that is in the registry is known here, and was confirmed lately. */
  get current(): boolean {
    return this.#listed && this.#informer.state.kind === 'synced';
  }

  /** Drills of every cluster, over or not. */
  get drills() {
    return this.#all('runs');
  }

  get beats() {
    return this.#all('beats');
  }

  get aborts() {
    return this.#all('aborts');
  }

  /** On drills of clusters other than their own. */
  get reports() {
    return this.#all('reports');
  }

  get schedules() {
    return this.#all('schedules');
  }

  /** Every order to drain, those undone included. */
  get drains() {
    return this.#all('drains');
  }

  /** Every order to fail over, those undone included. */
  get failovers() {
    return this.#all('failovers');
  }

  /** Drains in force, one for each cluster that is drained. */
  get drained() {
    return newestOfEach(this.drains, ({ of }) => of);
  }

  /** Failovers in force, one for each service. */
  get failedOver() {
    return newestOfEach(this.failovers, ({ service }) => service);
  }

  /** Counts of every gateway heard of lately, by `<cluster>/<gateway>`. */
  get histories(): ReadonlyMap<string, History> {
    return this.#histories;
  }

  /** How far a gateway, `<cluster>/<gateway>`, says a drill is in force there; undefined while it says nothing of it. */
  strengthAt(gateway: string, id: string): number | undefined {
    const last = this.#histories.get(gateway)?.at(-1);
    return last?.measure.following.find(({ drill }) => drill === id)?.inForce;
  }

  /** Standing orders as they were stored, for the disk: what is undone has to stay known too. */
  *orders(): IterableIterator<[string, object]> {
    for (const [text, { key, record }] of this.#records) {
      if (isOrder(key)) yield [text, record];
    }
  }

  /** Orders that are known here and that the registry does not have so, and whose they are. */
  get unheld(): { readonly text: string; readonly of: ClusterName; readonly record: object }[] {
    return [...this.#unheld].flatMap((text) => {
      const known = this.#records.get(text);
      return known ? [{ text, of: known.key.cluster, record: known.record }] : [];
    });
  }

  /** Takes up standing orders from the disk; newer ones of the registry replace them. */
  recall(values: Iterable<RawChange>): void {
    for (const { key: text, value } of values) {
      if (value === undefined) continue;
      const parsed = this.#parse(text, value);
      if (parsed && isOrder(parsed.key) && !this.#records.has(text)) {
        this.#records.set(text, parsed);
        this.#options.changed(parsed.key, false);
      }
    }
  }

  /** Looks again at what was refused, and at orders that only this gateway knows; call when trust changed. */
  reconsider(): void {
    for (const { text, of, record } of this.unheld) {
      if (this.#isBelieved(of, text, record)) continue;
      this.#forget(text);
    }
    for (const value of [...this.#refused.values()]) this.#put(value, false);
  }

  #changed({ puts, deletes, relisted }: PrefixChange): void {
    for (const value of puts) this.#put(value, !relisted);
    for (const { key } of deletes) this.#delete(key);
  }

  #put(value: StoredValue, fresh: boolean): void {
    const parsed = this.#parse(value.key, value.value);
    if (!parsed) {
      this.#refused.set(value.key, value);
      return;
    }
    this.#refused.delete(value.key);
    const known = this.#records.get(value.key);
    if (isOrder(parsed.key) && known && sequenceOf(known) > sequenceOf(parsed)) {
      this.#notHeld(value.key, known.key, 'has an older one in the place of');
      return;
    }
    this.#unheld.delete(value.key);
    this.#records.set(value.key, parsed);
    this.#count(parsed);
    this.#options.changed(parsed.key, fresh);
  }

  #count({ key, record }: { readonly key: DrillKey; readonly record: object }): void {
    if (key.kind !== 'measures') return;
    const measure = record as MeasureRecord;
    const gateway = `${key.cluster}/${key.id}`;
    const sample = { at: this.#options.clock.monotonic(), measure };
    this.#histories.set(gateway, withSample(this.#histories.get(gateway) ?? [], sample));
  }

  /** What was undone is written so: an order that is gone without that was lost. */
  #delete(text: string): void {
    const known = this.#records.get(text);
    const { key, record } = known ?? {};
    if (key && isOrder(key) && this.#isBelieved(key.cluster, text, record as object)) {
      this.#refused.delete(text);
      this.#notHeld(text, key, 'has lost');
    } else this.#forget(text);
  }

  #forget(text: string): void {
    this.problems.delete(text);
    this.#refused.delete(text);
    this.#unheld.delete(text);
    const known = this.#records.get(text);
    if (!known) return;
    this.#records.delete(text);
    if (known.key.kind === 'measures') {
      this.#histories.delete(`${known.key.cluster}/${known.key.id}`);
    }
    this.#options.changed(known.key, true);
  }

  #notHeld(where: string, key: DrillKey, how: string): void {
    this.#unheld.add(where);
    const what = `The registry ${how} an order of ${key.cluster}, which stays in force`;
    const fix = `A gateway of ${key.cluster} writes it again by itself. If that is gone for good: undo the order: \`isthmus undrain CLUSTER\`, \`isthmus failover SERVICE --undo\`.`;
    this.problems.set(where, new IsthmusError('RECORD_STALE', { what, where, fix }));
    this.#options.changed(key, false);
  }

  #isBelieved(cluster: ClusterName, text: string, record: object): boolean {
    try {
      this.#options.verify(cluster, text, record);
      return true;
    } catch {
      return false; // Its cluster left, and its orders with it.
    }
  }

  #parse(text: string, value: Uint8Array | string) {
    try {
      const key = decodeDrillKey(this.#options.federation, text);
      const json = typeof value === 'string' ? value : new TextDecoder().decode(value);
      const record = parseRecord(recordSchemas[key.kind], text, json);
      refuseForeign(text, key, record);
      if (key.kind !== unsigned) this.#options.verify(key.cluster, text, JSON.parse(json));
      this.problems.delete(text);
      return { key, record: record as object };
    } catch (thrown) {
      this.problems.set(text, asIsthmusError(thrown, 'RECORD_INVALID'));
      return undefined;
    }
  }

  #all<K extends DrillKey['kind']>(kind: K): DrillRecords[K][] {
    const found: DrillRecords[K][] = [];
    for (const { key, record } of this.#records.values()) {
      if (key.kind === kind) found.push(record as DrillRecords[K]);
    }
    return found;
  }
}

function isOrder({ kind }: DrillKey): boolean {
  return kind === 'drains' || kind === 'failovers';
}

/** Of an order. */
function sequenceOf({ record }: { readonly record: object }): number {
  return (record as OrderRecord).sequence;
}

function newestOfEach<O extends { sequence: number; cluster: string; active: boolean }>(
  orders: readonly O[],
  about: (order: O) => string,
): O[] {
  return [...Map.groupBy(orders, about).values()].flatMap((group) => inForce(group) ?? []);
}

/** A value whose fields differ from its key's was not written for that key. */
function refuseForeign(where: string, key: DrillKey, record: object): void {
  const fields = record as Record<string, unknown>;
  for (const [field, expected] of Object.entries(key)) {
    if (field === 'kind' || fields[field] === expected) continue;
    throw new IsthmusError('RECORD_FOREIGN', {
      what: `The key says ${field} ${JSON.stringify(expected)}, the value says ${JSON.stringify(fields[field])}`,
      where,
    });
  }
}
