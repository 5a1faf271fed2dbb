/** Owns rules of tokens that a conversion makes: where Envoy looks for tokens, and whether a rule is one that is taken here. */
import type { z } from 'zod';
import { authenticationSchema } from '../../policy/authentication.ts';
import type { Field } from './field.ts';

export type JwtRule = z.input<typeof authenticationSchema.shape.jwtRules.element>;

/** Where Envoy looks for a token that no place is said of. */
export const envoyPlaces = {
  fromHeaders: [{ name: 'Authorization', prefix: 'Bearer ' }],
  fromParams: ['access_token'],
} as const;

/** The rule, without what has no value; undefined, and told, where it would be refused here. Its tokens are refused then. */
export function takenRule(
  made: Readonly<Record<string, unknown>>,
  from: Field,
): JwtRule | undefined {
  const said = Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined));
  const { error } = authenticationSchema.shape.jwtRules.element.safeParse(said);
  if (error === undefined) return said as JwtRule;
  const [issue] = error.issues;
  from.leave(`its tokens are not taken, for ${issue?.path.join('.')}: ${issue?.message}`);
  return undefined;
}
