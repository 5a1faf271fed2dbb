/** Owns people who sign in elsewhere: JSON web tokens of an OpenID Connect issuer, verified against its published keys. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { IsthmusError, messageOf } from '../../../../core/errors.ts';
import type { AdminConfig } from '../../config/admin.ts';
import { type Role, strongest } from '../../roles.ts';
import type { Principal } from './principal.ts';

type OidcConfig = NonNullable<NonNullable<AdminConfig['auth']>['oidc']>;

/** Signatures by a key pair only: whoever can verify one of these can't make one. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
];
const clockToleranceSeconds = 30;
const timeoutMs = 5_000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

export class Oidc {
  readonly #config: OidcConfig;
  #keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(config: OidcConfig) {
    this.#config = config;
  }

  /** The principal whose token it is. Throws UNAUTHENTICATED, FORBIDDEN for somebody who has no role here, or ISSUER_UNREACHABLE. */
  async verify(token: string): Promise<Principal> {
    const { issuer, audience, roleClaim, mapping } = this.#config;
    let claims: JWTPayload;
    try {
      const options = {
        issuer,
        audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub'],
      };
      claims = (await jwtVerify(token, await this.#getKeys(), options)).payload;
    } catch (cause) {
      throw refusal(issuer, cause);
    }
    const name = nameOf(claims);
    const role = roleIn(claims, roleClaim, mapping);
    if (role) return { name, role, via: 'oidc' };
    throw new IsthmusError('FORBIDDEN', {
      what: `${name} has no role here: ${roleClaim} holds none that admin.auth.oidc.mapping names`,
    });
  }

  /** Asked for when they are first needed: an issuer that is down keeps no gateway from starting. */
  #getKeys(): Promise<JWTVerifyGetKey> {
    this.#keys ??= this.#findKeys().catch((thrown) => {
      this.#keys = undefined;
      throw thrown;
    });
    return this.#keys;
  }

  async #findKeys(): Promise<JWTVerifyGetKey> {
    const { jwksUri } = this.#config;
    const uri = jwksUri ?? (await this.#discover());
    return createRemoteJWKSet(new URL(uri), { timeoutDuration: timeoutMs });
  }

  /** OpenID Connect Discovery 1.0, section 4: the document must name the very issuer it was asked of. */
  async #discover(): Promise<string> {
    const { issuer } = this.#config;
    const at = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(at, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    const found = discoverySchema.parse(await response.json());
    if (found.issuer === issuer) return found.jwks_uri;
    throw new Error(`${at} is of ${found.issuer}`);
  }
}

/** Errors of jose's that are the token's fault, not of the way to the issuer's keys. */
const tokenFaults = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

function refusal(issuer: string, cause: unknown): IsthmusError {
  const faulty = tokenFaults.some((fault) => cause instanceof fault);
  return new IsthmusError(faulty ? 'UNAUTHENTICATED' : 'ISSUER_UNREACHABLE', {
    what: faulty
      ? `The token is not one of ${issuer} for this API: ${messageOf(cause)}`
      : `The keys of ${issuer} can't be had: ${messageOf(cause)}`,
    cause,
  });
}

function nameOf({ sub, email }: JWTPayload): string {
  return typeof email === 'string' ? email : (sub ?? '');
}

/** The strongest role that the claim's values map to. */
export function roleIn(
  claims: JWTPayload,
  path: string,
  mapping: Readonly<Record<string, Role>>,
): Role | undefined {
  const value = path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, name)
          ? (at as Record<string, unknown>)[name]
          : undefined,
      claims,
    );
  const values = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
  return strongest(
    values.flatMap((one) => (Object.hasOwn(mapping, one) ? (mapping[one] ?? []) : [])),
  );
}
