/** Owns what this gateway knows of written policies, of its cluster or of the federation: the last good record at each key, and why a newer one is not used. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../../core/clock.ts';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, FederationName } from '../../../core/names.ts';
import type { PolicyResource } from '../../../policy/effective.ts';
import { maxRecordBytes } from '../../../policy/quotas.ts';
import { type PolicyRecord, policyRecordSchema, resourceOf } from '../../../policy/record.ts';
import { Informer, type PrefixChange } from '../../../registry/informer.ts';
import { parseRecord } from '../../../registry/model.ts';
import {
  decodePolicyKey,
  type PolicyOwner,
  policiesPrefix,
  wholeFederation,
} from '../../../registry/policy-keys.ts';
import type { RawChange } from '../../../registry/record-reader.ts';
import type { Store } from '../../../registry/store.ts';

/** A record that is believed. */
export interface WrittenPolicy {
  readonly record: PolicyRecord;
  /** As it was stored, signature and all. */
  readonly raw: object;
  /** Undefined where it was deleted. */
  readonly resource: PolicyResource | undefined;
}

export interface PolicyBoardOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly self: ClusterName;
  /** Whose policies these are: the own cluster, or the whole federation. */
  readonly owner: PolicyOwner;
  /** Throws unless `cluster` may write here, and signed the record, given as it was stored. */
  verify(cluster: ClusterName, key: string, raw: unknown): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What is known changed. */
  changed(): void;
}

export class PolicyBoard {
  readonly #options: PolicyBoardOptions;
  readonly #informer: Informer;
  /** By registry key, as everything here. */
  readonly #known = new Map<string, WrittenPolicy>();
  /** The revisions of the values that the registry has, as far as was heard. */
  readonly #revisions = new Map<string, number>();
  /** Values that are not used, to look at again when trust changes. */
  readonly #refused = new Map<string, Uint8Array | string>();
  readonly #problems = new Map<string, IsthmusError>();
  readonly #refusals = new Map<ErrorCode, number>();
  /** The latest writing of each policy that was believed: an older one, signed though it is, is somebody's who puts it back. */
  readonly #latest = new Map<string, PolicyRecord>();
  #isListed = false;

  constructor(options: PolicyBoardOptions) {
    const { store, federation, owner, clock, random, log } = options;
    this.#options = options;
    this.#informer = new Informer({
      ...{ store, clock, random, log },
      prefixes: [policiesPrefix(federation, owner)],
      handler: {
        synced: (_prefix, values, revision) => {
          this.#isListed = true;
          this.#changed({ puts: values, deletes: [], revision, relisted: true });
        },
        changed: (_prefix, change) => this.#changed(change),
      },
    });
  }

  start(): void {
    this.#informer.start();
  }

  /** Goes on with another way to the same registry. */
  use(store: Store): void {
    this.#informer.use(store);
  }

  close(): void {
    this.#informer.close();
  }

  /** Whether the registry has told everything once. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** One for each record that is not used, and one where the registry lets nobody read them. */
  get problems(): readonly IsthmusError[] {
    const denied = this.#informer.state.prefixes.flatMap(({ prefix, state }) => {
      const problem = state.kind === 'watching' ? undefined : state.problem;
      if (problem?.code !== 'REGISTRY_DENIED') return [];
      const what = `Policies could not be read: ${problem.message}`;
      return [new IsthmusError(problem.code, { what, where: prefix, cause: problem })];
    });
    return [...denied, ...this.#problems.values()];
  }

  /** How many records of the registry were refused since this gateway started, by why. */
  get refusals(): ReadonlyMap<ErrorCode, number> {
    return this.#refusals;
  }

  /** Every policy, those that were deleted included. */
  get all(): ReadonlyMap<string, WrittenPolicy> {
    return this.#known;
  }

  /** How many there are, without those that were deleted. */
  get count(): number {
    let count = 0;
    for (const { resource } of this.#known.values()) if (resource !== undefined) count++;
    return count;
  }

  /** Why what the registry has at `key` now is not used. */
  problemAt(key: string): IsthmusError | undefined {
    return this.#problems.get(key);
  }

  /** The revision of what the registry has at `key`; undefined where it has nothing. */
  revisionOf(key: string): number | undefined {
    return this.#revisions.get(key);
  }

  /** The number of the next writing of a policy. */
  nextNumber(key: string): number {
    return numberOf(this.#latest.get(key)) + 1;
  }

  /** Keys at which the registry has an older writing than what is known here. */
  get setBack(): readonly string[] {
    return [...this.#problems].flatMap(([key, { code }]) =>
      code === 'RECORD_STALE' && this.#known.has(key) ? [key] : [],
    );
  }

  /** Keys of policies that nobody deleted, and that the registry has no more. */
  get lost(): readonly string[] {
    if (!this.#isListed) return [];
    return [...this.#known].flatMap(([key, { resource }]) =>
      resource !== undefined && !this.#revisions.has(key) ? [key] : [],
    );
  }

  /** Forgets policies that the registry has no more. */
  forget(keys: Iterable<string>): void {
    for (const key of keys) {
      if (this.#revisions.has(key)) continue;
      this.#known.delete(key);
      this.#latest.delete(key);
    }
    this.#options.changed();
  }

  /** Takes up what was kept on disk; what the registry says replaces it. */
  recall(records: Iterable<RawChange>): void {
    for (const { key, value } of records) {
      const written = value === undefined ? undefined : this.#read(key, value);
      if (written && !this.#known.has(key)) this.#known.set(key, written);
    }
    this.#options.changed();
  }

  /** Takes up what is in the registry, before it tells of that by itself. */
  found(key: string, value: Uint8Array | string, modRevision: number): void {
    if ((this.#revisions.get(key) ?? 0) >= modRevision) return;
    this.#revisions.set(key, modRevision);
    this.#take(key, value);
    this.#options.changed();
  }

  /** Takes up that the registry has nothing there. */
  gone(key: string): void {
    this.#revisions.delete(key);
  }

  /**
   * Looks again at what was refused; call when trust changed. The federation's policies are in force for as long as who wrote them may
   * write them, so that these are all looked at again.
   */
  reconsider(): void {
    const isOfAll = this.#options.owner === wholeFederation;
    if (this.#refused.size === 0 && !(isOfAll && this.#known.size > 0)) return;
    if (isOfAll) for (const [key, { raw }] of [...this.#known]) this.#doubt(key, raw);
    for (const [key, value] of [...this.#refused]) this.#take(key, value);
    this.#options.changed();
  }

  /** Goes by a record no more that would not be believed now. */
  #doubt(key: string, raw: object): void {
    const value = JSON.stringify(raw);
    if (this.#read(key, value)) return;
    this.#known.delete(key);
    if (!this.#refused.has(key)) this.#refused.set(key, value);
  }

  #changed({ puts, deletes, relisted }: PrefixChange): void {
    // What this gateway wrote is known before the registry tells of what was there just before.
    const isPast = ({ key, modRevision }: { readonly key: string; readonly modRevision: number }) =>
      !relisted && (this.#revisions.get(key) ?? 0) > modRevision;
    for (const put of puts) {
      if (isPast(put)) continue;
      const isNew = this.#revisions.get(put.key) !== put.modRevision;
      this.#revisions.set(put.key, put.modRevision);
      this.#take(put.key, put.value);
      const problem = isNew ? this.#problems.get(put.key) : undefined;
      if (problem) this.#refusals.set(problem.code, (this.#refusals.get(problem.code) ?? 0) + 1);
    }
    for (const deleted of deletes) {
      if (isPast(deleted)) continue;
      const { key } = deleted;
      this.#revisions.delete(key);
      this.#refused.delete(key);
      this.#problems.delete(key);
      // Deleting is written down, and stays known: a key that is gone without that was lost, and unknown is not empty.
    }
    this.#options.changed();
  }

  /** Of a value that can't be used nothing comes in force, and the last good one stays. */
  #take(key: string, value: Uint8Array | string): void {
    const written = this.#read(key, value);
    if (written) {
      this.#refused.delete(key);
      this.#known.set(key, written);
    } else this.#refused.set(key, value);
  }

  /** Whoever wrote to the registry may have kept it. Writings from before there were numbers are taken as they come. */
  #refuseOlder(where: string, record: PolicyRecord): void {
    const latest = this.#latest.get(where);
    const [number, known] = [numberOf(record), numberOf(latest)];
    if (latest === undefined || known === 0 || number > known) return;
    if (number === known && isDeepStrictEqual(contentOf(record), contentOf(latest))) return;
    throw new IsthmusError('RECORD_STALE', {
      what: `Writing ${number} of this policy, where writing ${known} is known: somebody put it back`,
      where,
    });
  }

  #read(where: string, value: Uint8Array | string): WrittenPolicy | undefined {
    try {
      const { federation, self, owner, verify } = this.#options;
      const { cluster: _, ...key } = decodePolicyKey(federation, where);
      refuseOversize(where, value);
      const json = typeof value === 'string' ? value : new TextDecoder().decode(value);
      const record = parseRecord(policyRecordSchema, where, json);
      // Which cluster wrote a policy of the federation is for its signature to say.
      const isOfAll = owner === wholeFederation;
      const expectations = { ...key, ...(!isOfAll && { cluster: self }) };
      for (const [field, expected] of Object.entries(expectations)) {
        const said = record[field as keyof PolicyRecord];
        if (said === expected) continue;
        throw new IsthmusError('RECORD_FOREIGN', {
          what: `The key says ${field} ${JSON.stringify(expected)}, the value says ${JSON.stringify(said)}`,
          where,
        });
      }
      const raw = JSON.parse(json);
      verify(record.cluster, where, raw);
      const scope = isOfAll ? 'federation' : 'cluster';
      const written = { record, raw, resource: resourceOf(where, record, scope) };
      this.#refuseOlder(where, record);
      this.#problems.delete(where);
      this.#latest.set(where, record);
      return written;
    } catch (thrown) {
      this.#problems.set(where, asIsthmusError(thrown, 'RECORD_INVALID'));
      return undefined;
    }
  }
}

function numberOf(record: PolicyRecord | undefined): number {
  return record?.number ?? 0;
}

/** What a record says, whoever signed it: after a change of the root it is signed anew. */
function contentOf({ signature: _, ...content }: PolicyRecord): object {
  return content;
}

/** Before it is parsed: what nobody could have written over the admin API costs nothing to refuse. */
function refuseOversize(where: string, value: Uint8Array | string): void {
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength;
  if (bytes <= maxRecordBytes) return;
  throw new IsthmusError('RECORD_INVALID', {
    what: `The record of a policy has ${bytes} octets; it has ${maxRecordBytes} at most`,
    where,
  });
}
