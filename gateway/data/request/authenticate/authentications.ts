/** Owns what policies say of the tokens for a service, made ready: where they are, by whose rules each is verified, what of them goes on. */
import type { Authentication, JwtRule } from '../../../../policy/authentication.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import { FieldEdits } from '../../message/field-edits.ts';
import type { TokenPlace } from '../../message/token-removal.ts';
import { claimTexts, type VerifiedToken } from '../../message/verified-token.ts';
import { isFieldContent } from '../../wire/http1/grammar.ts';
import type { Rule } from '../authorize/rules.ts';
import { ruleOf } from '../authorize/rules.ts';
import { TokenCache } from './token-cache.ts';
import { placesOf } from './tokens.ts';

type Written = Extract<PolicyResource, { readonly kind: 'Authentication' }>;

/** A token that was verified, and what it does to a request that has it. */
export interface KnownToken {
  readonly token: VerifiedToken;
  readonly edits: FieldEdits | undefined;
  readonly place: TokenPlace | undefined;
  /** Wall milliseconds. */
  readonly from: number;
  readonly until: number;
}

export interface Authentications {
  readonly places: readonly TokenPlace[];
  /** The rules for each place. */
  readonly rulesAt: readonly (readonly JwtRule[])[];
  /** Takes out the fields in which claims are told: no client writes them itself. */
  readonly withoutClaims: FieldEdits | undefined;
  /** The policies, `Authentication/namespace/name`. */
  readonly policies: readonly string[];
  /** Those of them that require a token of every request. */
  readonly requiredBy: readonly string[];
  /** What a token is required for, where it is not for all. */
  readonly requiredAt: readonly Rule[];
  readonly known: TokenCache<KnownToken>;
}

/** Tokens of a service that are kept, at most twice as many. */
const mostKnown = 4096;

/** Undefined where no policy takes any. */
export function authenticationsOf(
  policies: readonly PolicyResource[],
): Authentications | undefined {
  const written = policies.filter((one): one is Written => one.kind === 'Authentication');
  if (written.length === 0) return undefined;
  const rules = written.flatMap(({ spec }) => spec.jwtRules);
  const byPlace = new Map<string, { readonly place: TokenPlace; readonly rules: JwtRule[] }>();
  for (const rule of rules) {
    for (const place of placesOf(rule)) {
      const key = `${place.in} ${place.name} ${place.in === 'header' ? place.prefix : ''}`;
      byPlace.getOrInsertComputed(key, () => ({ place, rules: [] })).rules.push(rule);
    }
  }
  const places = [...byPlace.values()];
  const told = rules.flatMap(({ outputClaimToHeaders }) =>
    outputClaimToHeaders.map(({ header }) => header),
  );
  return {
    places: places.map(({ place }) => place),
    rulesAt: places.map((one) => one.rules),
    withoutClaims: told.length === 0 ? undefined : FieldEdits.of({ remove: told }),
    policies: written.map(({ name }) => name),
    requiredBy: written.filter(({ spec }) => spec.required).map(({ name }) => name),
    requiredAt: written.flatMap(requiredAt),
    known: new TokenCache(mostKnown),
  };
}

function requiredAt({ name, spec }: Written): Rule[] {
  const { requiredAt: to }: Authentication = spec;
  // What may be read in several ways requires a token in any of them.
  return to === undefined ? [] : [ruleOf(name, 'DENY', { to }, 'http') ?? []].flat();
}

/** The changes of a request that has the token: its claims in fields, in place of whatever the client wrote there. */
export function editsFor(
  { withoutClaims }: Authentications,
  { outputClaimToHeaders }: JwtRule,
  token: VerifiedToken,
): FieldEdits | undefined {
  if (withoutClaims === undefined) return undefined;
  const set: string[] = [];
  for (const { header, claim } of outputClaimToHeaders) {
    const value = claimTexts(token, claim.split('.'), 'whole').join(',');
    if (value !== '' && isFieldContent(value)) set.push(header, value);
  }
  return withoutClaims.and(FieldEdits.of({ set }));
}
