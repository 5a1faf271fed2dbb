/** Owns issuers of tokens in tests: keys made by jose, and tokens signed with them. */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface Issuer {
  readonly issuer: string;
  /** Its public keys, as the JSON of a set. */
  readonly jwks: string;
  /** The public key of an algorithm, as PEM. */
  readonly keys: ReadonlyMap<string, CryptoKey>;
  /** A token of an hour, of `ada`, by the key of that algorithm; claims of `undefined` are left out. */
  token(
    claims?: JWTPayload,
    how?: { readonly alg?: string; readonly kid?: string },
  ): Promise<string>;
}

export async function startIssuer(
  issuer: string,
  algorithms: readonly string[] = ['ES256'],
): Promise<Issuer> {
  const pairs = await Promise.all(
    algorithms.map(async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), alg, kid: alg };
      return { alg, jwk, publicKey, privateKey };
    }),
  );
  return {
    issuer,
    jwks: JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) }),
    keys: new Map(pairs.map(({ alg, publicKey }) => [alg, publicKey])),
    token(claims = {}, { alg = algorithms[0] ?? 'ES256', kid = alg } = {}) {
      const pair = pairs.find((one) => one.alg === alg);
      if (pair === undefined) throw new Error(`${issuer} has no key for ${alg}`);
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: issuer, sub: 'ada', exp: now + 3600, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(pair.privateKey);
    },
  };
}
