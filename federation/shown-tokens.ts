/** Owns knowing a join token that is shown by its secret. Whether it is unknown, forged or has another secret takes the same work to find. */
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type ClusterName, type FederationName, isLabel } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import { parseRecord, type TokenRecord, tokenRecordSchema } from '../registry/model.ts';
import { type Signer, signRecord, verifyRecord } from '../registry/signing.ts';
import type { Store, StoredValue } from '../registry/store.ts';
import { GuessLimit } from './guess-limit.ts';
import type { JoinRequest } from './messages.ts';
import { hashSecret } from './token.ts';
import type { FederationTrust } from './trust.ts';

interface ShownTokensOptions {
  /** The registry, as this gateway has it now. */
  store(): Store;
  readonly federation: FederationName;
  /** The admitting cluster. */
  readonly cluster: ClusterName;
  readonly authority: Signer & { readonly keyId: string };
  readonly trust: Pick<FederationTrust, 'beliefs'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A token whose secret the request knows. */
export interface HeldToken {
  readonly stored: StoredValue;
  /** The record as stored, stripped of nothing. */
  readonly raw: object;
  readonly record: TokenRecord;
}

/** An id that no token has: they are of hexadecimal digits. */
const nobodysId = 'none';

export class ShownTokens {
  readonly #options: ShownTokensOptions;
  readonly #guesses: GuessLimit;
  /** The trace of a token that nobody has: it is read and verified in place of one that is not there. */
  #decoy: { readonly value: Uint8Array; readonly keyId: string } | undefined;

  constructor(options: ShownTokensOptions) {
    this.#options = options;
    this.#guesses = new GuessLimit(
      options.clock,
      (address) =>
        new IsthmusError('JOIN_LIMITED', {
          what: `Too many wrong join tokens came from ${address}`,
        }),
    );
  }

  /** Throws TOKEN_INVALID for a token that is not known here, JOIN_LIMITED for whoever guesses, or what the store throws. */
  async held({ tokenId, tokenSecret }: JoinRequest, remote: string): Promise<HeldToken> {
    this.#guesses.check(remote);
    const given = hashSecret(tokenSecret);
    const held = await this.#read(isLabel(tokenId) ? tokenId : nobodysId);
    const known = Buffer.from(held?.record.hash ?? '', 'base64url');
    const expected = known.length === given.length ? known : Buffer.alloc(given.length);
    if (timingSafeEqual(expected, given) && held) return held;
    this.#guesses.failed(remote);
    throw new IsthmusError('TOKEN_INVALID', { what: 'The join token is not known here' });
  }

  /** A token that this cluster did not sign is no token: whoever can write to the registry could have made it up. */
  async #read(id: string): Promise<HeldToken | undefined> {
    const { federation, trust, cluster, log } = this.#options;
    const key = encodeKey(federation, { kind: 'tokens', cluster, id });
    const stored = await this.#options.store().get(key);
    const decoyKey = encodeKey(federation, { kind: 'tokens', cluster, id: nobodysId });
    const [where, value] = stored ? [key, stored.value] : [decoyKey, this.#decoyValue(decoyKey)];
    try {
      const record = parseRecord(tokenRecordSchema, where, value);
      const raw = JSON.parse(new TextDecoder().decode(value)) as object;
      verifyRecord(where, raw, trust.beliefs.bundles.get(cluster)?.bundle.roots ?? []);
      const isOurs = record.createdBy === cluster && record.id === id;
      return stored && isOurs ? { stored, raw, record } : undefined;
    } catch (thrown) {
      log.warn({ err: asIsthmusError(thrown), where }, 'a join token in the registry is refused');
      return undefined;
    }
  }

  #decoyValue(key: string): Uint8Array {
    const { cluster, authority } = this.#options;
    if (this.#decoy?.keyId === authority.keyId) return this.#decoy.value;
    const record: TokenRecord = {
      id: nobodysId,
      hash: hashSecret('').toString('base64url'),
      createdBy: cluster,
      createdAt: 0,
      expiresAt: 0,
    };
    const value = new TextEncoder().encode(JSON.stringify(signRecord(key, record, authority)));
    this.#decoy = { value, keyId: authority.keyId };
    return value;
  }
}
