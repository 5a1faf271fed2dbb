/** Owns the record of who may write policies of the whole federation, as the registry has it: heard, believed or refused, and written. */
import type { Clock, Random } from '../../../core/clock.ts';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { FederationName } from '../../../core/names.ts';
import type { FederationTrust } from '../../../federation/trust.ts';
import { Informer } from '../../../registry/informer.ts';
import { grantsPrefix, policyGrantsKey } from '../../../registry/policy-keys.ts';
import type { Compare, Store, StoredValue } from '../../../registry/store.ts';

export interface GrantsRecordOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly trust: Pick<FederationTrust, 'beliefs' | 'charter' | 'considerCharter' | 'isFounder'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The registry told something. */
  changed(): void;
}

export class GrantsRecord {
  readonly key: string;
  readonly #options: GrantsRecordOptions;
  readonly #informer: Informer;
  #store: Store;
  #problem: IsthmusError | undefined;
  /** The value that the registry has, as far as was heard. */
  #stored: StoredValue | undefined;
  #isListed = false;
  readonly #refusals = new Map<ErrorCode, number>();

  constructor(options: GrantsRecordOptions) {
    const { store, federation, clock, random, log } = options;
    this.#options = options;
    this.#store = store;
    this.key = policyGrantsKey(federation);
    this.#informer = new Informer({
      ...{ store, clock, random, log },
      prefixes: [grantsPrefix(federation)],
      handler: {
        synced: (_prefix, values) => {
          this.#isListed = true;
          this.#heard(values.find(({ key }) => key === this.key));
        },
        changed: (_prefix, { puts, deletes }) => {
          const put = puts.findLast(({ key }) => key === this.key);
          if (put || deletes.some(({ key }) => key === this.key)) this.#heard(put);
        },
      },
    });
  }

  start(): void {
    this.#informer.start();
  }

  /** Goes on with another way to the same registry. */
  use(store: Store): void {
    this.#store = store;
    this.#informer.use(store);
  }

  close(): void {
    this.#informer.close();
  }

  /** Whether the registry has told, or will not. */
  get isSettled(): boolean {
    return this.#isListed || this.#denied !== undefined;
  }

  /** Whether the registry was heard to have none, or one that is not used. */
  get isMissing(): boolean {
    return this.#isListed && (this.#stored === undefined || this.#problem !== undefined);
  }

  /** How many records were refused since this gateway started, by why. */
  get refusals(): ReadonlyMap<ErrorCode, number> {
    return this.#refusals;
  }

  /** Why the record in the registry is not used, or may not be read. */
  get problems(): readonly IsthmusError[] {
    return [this.#denied, this.#problem].filter((problem) => problem !== undefined);
  }

  /** Looks again at what was refused; call when trust changed. */
  reconsider(): void {
    if (this.#problem) this.#consider();
  }

  /** Takes up what the registry has now; returns its value. Throws what the store throws. */
  async read(): Promise<StoredValue | undefined> {
    this.#stored = await this.#store.get(this.key);
    this.#consider();
    return this.#stored;
  }

  /** Writes a record in the place of a value; false where there is another by now. Throws what the store throws. */
  async write(raw: object, over = this.#stored): Promise<boolean> {
    const compare: Compare = over
      ? { key: this.key, modRevision: over.modRevision }
      : { key: this.key, exists: false };
    const ops = [{ op: 'put', key: this.key, value: JSON.stringify(raw) }] as const;
    return (await this.#store.txn([compare], ops)).succeeded;
  }

  get #denied(): IsthmusError | undefined {
    const [prefix] = this.#informer.state.prefixes;
    if (prefix === undefined || prefix.state.kind === 'watching') return undefined;
    const { problem } = prefix.state;
    if (problem?.code !== 'REGISTRY_DENIED') return undefined;
    const what = `Who may write policies of the whole federation could not be read: ${problem.message}`;
    return new IsthmusError(problem.code, { what, where: prefix.prefix, cause: problem });
  }

  #heard(stored: StoredValue | undefined): void {
    this.#stored = stored;
    this.#consider();
    if (this.#problem) {
      const { code } = this.#problem;
      this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
    }
    this.#options.changed();
  }

  #consider(): void {
    this.#problem = undefined;
    if (this.#stored === undefined) return;
    try {
      this.#options.trust.considerCharter(this.key, rawOf(this.#stored));
    } catch (thrown) {
      this.#problem = asIsthmusError(thrown, 'RECORD_INVALID');
    }
  }
}

/** Throws RECORD_INVALID for a value that is no object. */
function rawOf({ key, value }: StoredValue): object {
  try {
    const raw: unknown = JSON.parse(new TextDecoder().decode(value));
    if (typeof raw === 'object' && raw !== null) return raw;
  } catch {
    // Said below.
  }
  throw new IsthmusError('RECORD_INVALID', { what: 'The value is not a JSON object', where: key });
}
