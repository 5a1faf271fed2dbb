/** Owns the issuers' public keys that the control side has, by where they are. */
import type { PublicKey } from '../../../../policy/authentication/json-web-keys.ts';
import type { KeySource } from '../../../../policy/authentication.ts';

/** By the name of their source; undefined: they can't be had. */
export type KeyRingContents = ReadonlyMap<string, readonly PublicKey[]>;

/** The name under which the control side hands the keys of a source; undefined for those in a policy. */
export function keyRingName(source: KeySource): string | undefined {
  return source.kind === 'inline' ? undefined : source.name;
}

export class KeyRings {
  #contents: KeyRingContents = new Map();
  #revision = 0;

  /** Counts the changes: what was verified by keys of before is no more. */
  get revision(): number {
    return this.#revision;
  }

  update(contents: KeyRingContents): void {
    this.#contents = contents;
    this.#revision++;
  }

  /** Undefined where they can't be had. */
  keysOf(source: KeySource): readonly PublicKey[] | undefined {
    if (source.kind === 'inline') return source.keys;
    return this.#contents.get(keyRingName(source) ?? '');
  }
}
