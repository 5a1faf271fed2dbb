/**
 * Owns which clusters may write policies of the whole federation, as this gateway knows it; where its cluster is the founder, it says
 * so in the registry, and says it again where that was lost.
 */
import { encodeBundle } from '../../../certs/bundle.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import {
  type Charter,
  type CharterRecord,
  charterRecordSchema,
  mayWritePolicies,
  writersOf,
} from '../../../federation/charter.ts';
import { handOverBytes } from '../../../federation/statements.ts';
import { encodeKey } from '../../../registry/keys.ts';
import { type Signer, signRecord } from '../../../registry/signing.ts';
import type { Store } from '../../../registry/store.ts';
import { GrantsRecord, type GrantsRecordOptions } from './grants-record.ts';

export interface GrantsOptions extends GrantsRecordOptions {
  readonly self: ClusterName;
  readonly signer: Signer;
}

/** Who asks, and why. */
interface GrantAsking {
  readonly by: string;
  readonly reason?: string | undefined;
}

/** What a new record says; the rest is as it was. */
type Word = Partial<Pick<CharterRecord, 'grants' | 'handed'>>;

/** How often the registry's record is looked at, where this cluster may write it. */
const tidyEveryMs = 5_000;
/** How often a record that lost a race is made anew: the second look already sees who won. */
const attempts = 3;

export class Grants {
  readonly record: GrantsRecord;
  readonly #options: GrantsOptions;
  #store: Store;
  #cancelTidy = (): void => {};
  #isTidying = false;
  #isClosed = false;

  constructor(options: GrantsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.record = new GrantsRecord({
      ...options,
      changed: () => {
        options.changed();
        void this.#tidy();
      },
    });
  }

  start(): void {
    this.record.start();
    this.#tidyLater();
  }

  /** Goes on with another way to the same registry. */
  use(store: Store): void {
    this.#store = store;
    this.record.use(store);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTidy();
    this.record.close();
  }

  /** Whether this cluster may write policies of the federation. */
  get mayWrite(): boolean {
    const { trust, self } = this.#options;
    return trust.charter !== undefined && mayWritePolicies(trust.charter, self);
  }

  /** Throws GRANT_MISSING or FOUNDER_UNKNOWN where a cluster may not write policies of the federation. */
  assertMayWrite(cluster: ClusterName, where?: string): void {
    const { charter } = this;
    if (mayWritePolicies(charter, cluster)) return;
    throw new IsthmusError('GRANT_MISSING', {
      what: `${cluster} may not write policies of the whole federation: ${writersOf(charter).join(', ')} may`,
      where,
    });
  }

  /** Throws FOUNDER_UNKNOWN. */
  get charter(): Charter {
    const { trust, federation } = this.#options;
    if (trust.charter) return trust.charter;
    throw new IsthmusError('FOUNDER_UNKNOWN', {
      what: `It is not known here who founded ${federation}`,
    });
  }

  /** Lets a member write policies of the federation. Throws NOT_FOUNDER, CLUSTER_NOT_FOUND, or what the registry says. */
  async grant(cluster: ClusterName, { by, reason }: GrantAsking): Promise<void> {
    await this.#say(({ founder, said }) => {
      this.#bundleOf(cluster);
      const before = said?.record.grants ?? [];
      const known = before.find((one) => one.cluster === cluster);
      if (cluster === founder || (known && known.reason === reason)) return undefined;
      return { grants: [...without(before, cluster), this.#granted(cluster, { by, reason })] };
    });
  }

  /** Takes that back. Throws NOT_FOUNDER, GRANT_NOT_FOUND, or what the registry says. */
  async revoke(cluster: ClusterName): Promise<void> {
    await this.#say(({ founder, said }) => {
      if (cluster === founder) {
        throw new IsthmusError('NOT_FOUNDER', {
          what: `${cluster} is the founder, and may write policies of the whole federation as long as it is`,
          fix: 'Hand over first: `isthmus grant founder CLUSTER`.',
        });
      }
      const before = said?.record.grants ?? [];
      const grants = without(before, cluster);
      if (grants.length === before.length) throw notGranted(cluster);
      return { grants };
    });
  }

  /** Makes another member the founder; this cluster may go on writing policies. Throws as `grant` does. */
  async handOver(to: ClusterName, { by }: GrantAsking): Promise<void> {
    const { federation, self: from, signer, clock } = this.#options;
    await this.#say(({ said }, sequence) => {
      const bundle = encodeBundle(this.#bundleOf(to));
      if (to === from) return undefined;
      const statement = { from, to, bundle, sequence, at: clock.now() };
      const signature = signer.sign(handOverBytes({ federation, ...statement }));
      const own = this.#granted(from, { by, reason: `It was the founder until ${to} was` });
      return {
        grants: [...without(said?.record.grants ?? [], to), own],
        handed: [...(said?.record.handed ?? []), { ...statement, signature }],
      };
    });
  }

  /** Says the same again, by the root named `keyId`, where another one signed it. Throws as `grant` does. */
  async renew(keyId: string): Promise<void> {
    await this.#say(({ said }) => {
      const signer = said?.record.signature?.keyId;
      return signer === undefined || signer === keyId ? undefined : {};
    });
  }

  #granted(cluster: ClusterName, { by, reason }: GrantAsking): CharterRecord['grants'][number] {
    const at = this.#options.clock.now();
    return { cluster, by: by.slice(0, 500), at, ...(reason !== undefined && { reason }) };
  }

  /** Throws CLUSTER_NOT_FOUND for one that is not believed to be a member. */
  #bundleOf(cluster: ClusterName) {
    const believed = this.#options.trust.beliefs.bundles.get(cluster);
    if (believed) return believed.bundle;
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member` });
  }

  /** Signs another record, where `word` has one to say, and writes it. */
  async #say(word: (charter: Charter, sequence: number) => Word | undefined): Promise<void> {
    const { self, signer, trust, changed } = this.#options;
    for (let attempt = 0; attempt < attempts; attempt++) {
      this.#assertFounder();
      // Another gateway of this cluster may have been asked just before.
      const stored = await this.record.read();
      this.#assertFounder();
      const { charter } = this;
      const {
        sequence = 0,
        grants = [],
        handed,
      }: Partial<CharterRecord> = charter.said?.record ?? {};
      const next = word(charter, sequence + 1);
      if (next === undefined) return;
      const { key } = this.record;
      const said = { grants, ...(handed && { handed }), ...next };
      const raw = signRecord(key, { cluster: self, sequence: sequence + 1, ...said }, signer);
      assertFits(key, raw);
      if (await this.record.write(raw, stored)) {
        trust.considerCharter(key, raw);
        changed();
        return;
      }
    }
    const where = this.record.key;
    throw new IsthmusError('REGISTRY_CONFLICT', { what: 'Others kept changing it', where });
  }

  /** Throws NOT_FOUNDER, which names the founder. */
  #assertFounder(): void {
    const { self, federation, trust } = this.#options;
    const { founder } = this.charter;
    if (trust.isFounder) return;
    throw new IsthmusError('NOT_FOUNDER', {
      what: `${self} is not the founder of ${federation}: ${founder} is`,
      fix: `Ask a gateway of ${founder}.`,
    });
  }

  #tidyLater(): void {
    this.#cancelTidy = this.#options.clock.after(tidyEveryMs, () => {
      void this.#tidy().then(() => {
        if (!this.#isClosed) this.#tidyLater();
      });
    });
  }

  /** Writes again what the registry lost, or somebody else wrote over. */
  async #tidy(): Promise<void> {
    const { federation, self, trust, log } = this.#options;
    const said = trust.charter?.said;
    const isOurs = said !== undefined && (trust.isFounder || said.record.cluster === self);
    if (!isOurs || !this.record.isMissing || this.#isTidying || this.#isClosed) return;
    this.#isTidying = true;
    try {
      const member = encodeKey(federation, { kind: 'clusters', cluster: self });
      if ((await this.#store.get(member)) && (await this.record.write(said.raw))) {
        log.warn({ where: this.record.key }, 'who may write policies is in the registry again');
      }
    } catch (err) {
      // That the registry does not answer is told elsewhere.
      log.debug({ err }, 'who may write policies waits to be in the registry again');
    } finally {
      this.#isTidying = false;
    }
  }
}

/** The error for a cluster that was granted nothing. */
export function notGranted(cluster: ClusterName): IsthmusError {
  return new IsthmusError('GRANT_NOT_FOUND', {
    what: `${cluster} was not granted to write policies of the whole federation`,
  });
}

function without(grants: CharterRecord['grants'], cluster: ClusterName): CharterRecord['grants'] {
  return grants.filter((one) => one.cluster !== cluster);
}

/** Throws BODY_INVALID for a record that no reader would take. */
function assertFits(where: string, raw: object): void {
  const { success } = charterRecordSchema.safeParse(raw);
  if (success) return;
  throw new IsthmusError('BODY_INVALID', {
    what: 'There are as many grants, or hand-overs, as one record may have',
    where,
  });
}
