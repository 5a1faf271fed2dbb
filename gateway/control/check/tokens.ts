/** Owns the gateway's look at tokens that were shown to it and refused: a mistake is no fault, and guessing is. */
import type { TokenRefusals } from '../membership/token-refusals.ts';
import { type Finding, ok, warning } from './finding.ts';

export interface ShownTo {
  readonly tokenRefusals: Pick<TokenRefusals, 'counts' | 'recent' | 'total'>;
}

/** Nothing where none was refused within the last hour. */
export function refusedTokens({ tokenRefusals: { counts, recent, total } }: ShownTo): Finding[] {
  if (!recent) return [];
  const { at, code, from } = recent;
  const many = total === 1 ? '1 token was' : `${total} tokens were`;
  const what = `${many} refused since this gateway was started, the last at ${new Date(at).toISOString()} from ${from} (${code})`;
  if (!counts.get('JOIN_LIMITED')) return [ok('peers', 'TOKENS_REFUSED', what)];
  const fix =
    'Somebody guesses: see who, by `isthmus audit`, and let only other clusters reach `listen.federation`.';
  return [warning('peers', 'TOKENS_REFUSED', what, fix)];
}
