/** Owns when a foreign bundle is fetched next, pure. */
import type { Random } from '../../../core/clock.ts';

/** Within these the endpoint's hint holds: it shall neither be pestered nor make us miss a revocation for long. */
const shortestMs = 10_000;
const longestMs = 3600_000;
/** While no bundle is known, nobody of the trust domain is believed, and there is no hint either. */
const firstMs = 30_000;
/** Gateways spread over this share of the time, before its end: none looks less often than it is asked to. */
const jitterShare = 0.1;

/**
 * Milliseconds until the next look, by the hint of the bundle that is known, in seconds. It is the same after a failure: the standard
 * asks for the next polling interval, and for keys to be published several of these before they sign (SPIFFE Federation, sections 4.1
 * and 6.2).
 */
export function nextFetchMs(hintSeconds: number | undefined, random: Random): number {
  const wanted = hintSeconds === undefined ? firstMs : hintSeconds * 1000;
  const bounded = Math.min(longestMs, Math.max(shortestMs, wanted));
  return Math.round(bounded * (1 - jitterShare * random()));
}
