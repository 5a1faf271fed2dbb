/** Owns reading raw registry records, which nobody has vouched for: what is refused stays, with the reason, to be looked at again. */
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { FederationName } from '../core/names.ts';
import { decodeKey, type RegistryKey } from './keys.ts';
import {
  bundleRecordSchema,
  clusterRecordSchema,
  departureRecordSchema,
  endpointRecordSchema,
  exportRecordSchema,
  gatewayRecordSchema,
  parseJson,
  recordOf,
  syncedRecordSchema,
} from './model.ts';
import type { ParsedRecord } from './snapshot-draft.ts';

/** One key's new value; `undefined` = deleted. */
export interface RawChange {
  readonly key: string;
  readonly value: Uint8Array | string | undefined;
  /** Its signature is known to be by the root that it names; whether that root counts is still to be seen. */
  readonly isProven?: boolean;
}

/** With how much its cluster has in the registry by it: `RecordReader.bytes`, for which its text is at hand. */
export type ReadRecord = ParsedRecord & { readonly bytes: number };

export interface RecordReaderOptions {
  readonly federation: FederationName;
  /**
   * Believes or refuses a record, by throwing a coded error. `raw` is the
   * JSON as stored. Bundles are believed here too. `isProven`: as of `RawChange`.
   */
  verify(key: RegistryKey, text: string, raw: unknown, isProven: boolean): void;
}

/** How many records of a kind were refused by a code. */
export interface RefusedRecord {
  /** As in its key: `clusters`, `exports`; `none` where the key is none of ours. */
  readonly kind: string;
  readonly code: string;
  readonly count: number;
}

/** A bundle carries a chain of those before it; no other record comes near its limit. In octets. */
const maxBundleBytes = 1024 * 1024;
const maxRecordBytes = 256 * 1024;

const schemas = {
  clusters: clusterRecordSchema,
  bundles: bundleRecordSchema,
  gateways: gatewayRecordSchema,
  endpoints: endpointRecordSchema,
  exports: exportRecordSchema,
  synced: syncedRecordSchema,
  departures: departureRecordSchema,
};

export class RecordReader {
  /** By registry key, why what stands there is not used. */
  readonly problems = new Map<string, IsthmusError>();
  readonly #options: RecordReaderOptions;
  readonly #refused = new Map<string, Uint8Array | string>();
  readonly #counts = new Map<string, RefusedRecord>();
  /** Records as they were stored, where a newer version wrote more than is understood here: their signature covers it. */
  readonly #stored = new WeakMap<object, object>();

  constructor(options: RecordReaderOptions) {
    this.#options = options;
  }

  /** The values that were refused, to look at again when trust changes. */
  get refused(): ReadonlyMap<string, Uint8Array | string> {
    return this.#refused;
  }

  /** What was refused so far, each value once however often it was looked at. */
  get counts(): readonly RefusedRecord[] {
    return [...this.#counts.values()];
  }

  /** The key a text stands for; undefined, and a problem, where it is none of ours. */
  key(text: string): RegistryKey | undefined {
    try {
      return decodeKey(this.#options.federation, text);
    } catch (thrown) {
      this.problems.set(text, asIsthmusError(thrown));
      return undefined;
    }
  }

  /** A record that parses, names the cluster its key does and is believed; undefined, and a problem, for any other. */
  read(text: string, value: Uint8Array | string, isProven = false): ReadRecord | undefined {
    try {
      const key = decodeKey(this.#options.federation, text);
      if (key.kind === 'tokens') return undefined;
      refuseLong(text, key, value);
      const json = textOf(value);
      const raw = parseJson(text, json);
      const record = recordOf(schemas[key.kind], text, raw);
      refuseForeign(text, key, record);
      this.#options.verify(key, text, raw, isProven);
      const isAsStored = JSON.stringify(record) === json;
      if (!isAsStored) this.#stored.set(record, raw as object);
      this.forget(text);
      return { key, record, bytes: isAsStored ? json.length : this.bytes(record) } as ReadRecord;
    } catch (thrown) {
      const error = asIsthmusError(thrown, 'RECORD_INVALID');
      if (!isSame(this.#refused.get(text), value)) {
        this.countRefusal(this.#kindOf(text), error.code);
      }
      this.problems.set(text, error);
      this.#refused.set(text, value);
      return undefined;
    }
  }

  /** Counts a record that was refused; also one that is good, where somebody else refuses it. */
  countRefusal(kind: string, code: string): void {
    const { count } = this.#counts.get(`${kind} ${code}`) ?? { count: 0 };
    this.#counts.set(`${kind} ${code}`, { kind, code, count: count + 1 });
  }

  #kindOf(text: string): string {
    try {
      return decodeKey(this.#options.federation, text).kind;
    } catch {
      return 'none';
    }
  }

  /** Whether a value says, octet for octet, what a record does that is in force, and would still be believed. */
  isSame(key: RegistryKey, { key: text, value = '' }: RawChange, record: object): boolean {
    const stored = this.stored(record);
    if (textOf(value) !== JSON.stringify(stored)) return false;
    try {
      this.#options.verify(key, text, stored, true);
      return true;
    } catch {
      return false; // It is read like any other, and the refusal told.
    }
  }

  /** The value at the key is gone, or was replaced. */
  forget(text: string): void {
    this.problems.delete(text);
    this.#refused.delete(text);
  }

  /** The record as it stands in the registry. */
  stored(record: object): object {
    return this.#stored.get(record) ?? record;
  }

  /** Of its JSON without white space, in UTF-16 code units. */
  bytes(record: object): number {
    return JSON.stringify(this.stored(record)).length;
  }
}

/** Throws RECORD_INVALID, before anything is made of the value. */
function refuseLong(where: string, { kind }: RegistryKey, value: Uint8Array | string): void {
  const most = kind === 'bundles' ? maxBundleBytes : maxRecordBytes;
  // In UTF-8 a string has at least as many octets as UTF-16 code units, and at most three times as many.
  if (value.length <= most) return;
  const what = `The value has ${value.length} octets, where ${most} are the most`;
  throw new IsthmusError('RECORD_INVALID', { what, where });
}

function isSame(known: Uint8Array | string | undefined, value: Uint8Array | string): boolean {
  if (typeof known === 'string' || typeof value === 'string') return known === value;
  return known !== undefined && Buffer.compare(known, value) === 0;
}

const utf8 = new TextDecoder();

function textOf(value: Uint8Array | string): string {
  return typeof value === 'string' ? value : utf8.decode(value);
}

/** A value whose cluster, service or id differs from its key's was not written by the key's owner. */
function refuseForeign(where: string, key: RegistryKey, record: object): void {
  const fields = record as Record<string, unknown>;
  for (const field of ['cluster', 'service', 'id'] as const) {
    const expected = (key as unknown as Record<string, unknown>)[field];
    if (expected !== undefined && fields[field] !== expected) {
      throw new IsthmusError('RECORD_FOREIGN', {
        what: `The key says ${field} ${JSON.stringify(expected)}, the value says ${JSON.stringify(fields[field])}`,
        where,
      });
    }
  }
}
