/** Owns verifying a token: by whom it is signed, for whom, and from when until when. */
import type { JWK, JWTPayload } from 'jose';
import type { PublicKey } from '../../../../policy/authentication/json-web-keys.ts';
import type { JwtRule } from '../../../../policy/authentication.ts';

/** Signatures by a key pair only: whoever can verify one of these can't make one. Which of them a key is for its own type says. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Most characters of a token. */
const longestToken = 8 * 1024;

/** A rule with what is needed to go by it. */
interface ReadyRule {
  readonly rule: JwtRule;
  /** Undefined where its keys can't be had. */
  keys(): readonly PublicKey[] | undefined;
}

export type Verified =
  | {
      readonly kind: 'verified';
      readonly rule: JwtRule;
      readonly claims: Readonly<Record<string, unknown>>;
      /** Wall milliseconds between which it holds, the tolerance within. */
      readonly from: number;
      readonly until: number;
    }
  /** `why`: a clause without anything of the token. */
  | { readonly kind: 'invalid'; readonly why: string }
  | { readonly kind: 'no-keys'; readonly issuer: string };

function invalid(why: string): Verified {
  return { kind: 'invalid', why };
}

/** By the first rule of the token's issuer. Rejects only for what is wrong inside. */
export async function verify(
  token: string,
  rules: readonly ReadyRule[],
  now: number,
): Promise<Verified> {
  if (token.length > longestToken) return invalid(`it has more than ${longestToken} characters`);
  const { createLocalJWKSet, decodeJwt, errors, jwtVerify } = await import('jose');
  let issuer: string | undefined;
  try {
    ({ iss: issuer } = decodeJwt(token));
  } catch {
    return invalid('it is no JSON Web Token');
  }
  const ready = rules.find(({ rule }) => rule.issuer === issuer);
  if (ready === undefined) return invalid('its issuer is not one of those that are taken here');
  const { rule } = ready;
  const keys = ready.keys();
  if (keys === undefined) return { kind: 'no-keys', issuer: rule.issuer };
  const options = {
    algorithms,
    issuer: rule.issuer,
    ...(rule.audiences && { audience: [...rule.audiences] }),
    clockTolerance: rule.toleranceMs / 1000,
    currentDate: new Date(now),
  };
  const ring = createLocalJWKSet({ keys: keys.map((key) => key as JWK) });
  try {
    const { payload } = await jwtVerify(token, ring, options);
    return verified(rule, payload);
  } catch (thrown) {
    if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) {
      return invalid(whyOf(thrown, errors));
    }
    // No `kid` says which: RFC 7517 section 4.5.
    for await (const key of thrown) {
      try {
        const { payload } = await jwtVerify(token, key, options);
        return verified(rule, payload);
      } catch (again) {
        if (again instanceof errors.JWSSignatureVerificationFailed) continue;
        return invalid(whyOf(again, errors));
      }
    }
    return invalid('its signature is not by a key of its issuer');
  }
}

function verified(rule: JwtRule, payload: JWTPayload): Verified {
  const { exp, nbf } = payload;
  return {
    kind: 'verified',
    rule,
    claims: payload,
    from: nbf === undefined ? -Infinity : nbf * 1000 - rule.toleranceMs,
    until: exp === undefined ? Infinity : exp * 1000 + rule.toleranceMs,
  };
}

type Errors = typeof import('jose').errors;

/** In words of ours: those of the library may hold what the token says. */
function whyOf(thrown: unknown, errors: Errors): string {
  if (thrown instanceof errors.JWTExpired) return 'it has expired';
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    if (thrown.claim === 'aud') return 'it is for another audience';
    if (thrown.claim === 'nbf') return 'it does not hold yet';
    return 'its claims are not as they should be';
  }
  if (thrown instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not taken';
  if (thrown instanceof errors.JWKSNoMatchingKey) return 'its key is none of its issuer';
  if (thrown instanceof errors.JWSSignatureVerificationFailed) {
    return 'its signature is not by a key of its issuer';
  }
  if (thrown instanceof errors.JOSENotSupported) return 'it asks for what is not known here';
  return 'it is no valid JSON Web Token';
}
