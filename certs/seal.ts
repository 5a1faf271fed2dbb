/** Owns seals: what proves bytes to those who have an authority's key, and to nobody else. */
import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';

/** The keys that seals of one authority are made and known by. */
export class SealKeys {
  /** Seals are made with the first. */
  readonly #keys: readonly Buffer[];

  constructor(roots: readonly { readonly key: KeyObject }[]) {
    this.#keys = roots.map(({ key }) => {
      const secret = key.export({ type: 'pkcs8', format: 'der' });
      return Buffer.from(hkdfSync('sha256', secret, '', 'isthmus seal v1', 32));
    });
  }

  /** An HMAC, base64url. */
  seal(bytes: Uint8Array): string {
    return sealedBy(this.#keys[0] as Buffer, bytes);
  }

  /** Whether it was made with any of the keys. */
  isSeal(bytes: Uint8Array, seal: string): boolean {
    const given = Buffer.from(seal);
    return this.#keys.some((key) => {
      const expected = Buffer.from(sealedBy(key, bytes));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  }
}

function sealedBy(key: Buffer, bytes: Uint8Array): string {
  return createHmac('sha256', key).update(bytes).digest('base64url');
}
