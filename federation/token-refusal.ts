/** Owns the one refusal of tokens: who shows one that is not good is not told whether it was used, has expired, or never was. */
import { type ErrorCode, IsthmusError } from '../core/errors.ts';

/** Why a token is refused, as it is audited and counted at the cluster that refuses. */
export const tokenCodes = [
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_USED',
  'JOIN_LIMITED',
] as const satisfies readonly ErrorCode[];
export type TokenCode = (typeof tokenCodes)[number];

export function isTokenCode(code: string): code is TokenCode {
  return (tokenCodes as readonly string[]).includes(code);
}

/** What is said of it to whoever showed the token. Whoever guesses is told so, for that is about their address and not about a token. */
export function outward(thrown: unknown): unknown {
  if (!(thrown instanceof IsthmusError) || !isTokenCode(thrown.code)) return thrown;
  if (thrown.code === 'JOIN_LIMITED') return thrown;
  return new IsthmusError('TOKEN_INVALID', {
    what: 'The token is not good: it was altered, used or revoked, has expired, or was made elsewhere',
    fix: 'Create a new one: `isthmus token create`. Why this one was refused is in the audit of the cluster that refused it: `isthmus audit`.',
  });
}
