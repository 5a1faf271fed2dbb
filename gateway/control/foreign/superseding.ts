/** Owns whether a fetched bundle takes the place of the one that is known, pure (SPIFFE Federation, section 4.2). */
import type { Bundle } from '../../../certs/bundle.ts';
import { IsthmusError } from '../../../core/errors.ts';

/**
 * Throws BUNDLE_OUTDATED for a bundle with a lower sequence than the known one, or with none where that has one: it may be an old one that
 * somebody shows again, whose keys were revoked since. Of two with one sequence, and of two without, the one that was fetched last counts.
 */
export function assertNotOutdated(known: Bundle | undefined, fetched: Bundle): void {
  if (known === undefined || fetched.sequence >= known.sequence) return;
  const said = fetched.sequence === 0 ? 'no sequence' : `sequence ${fetched.sequence}`;
  throw new IsthmusError('BUNDLE_OUTDATED', {
    what: `The endpoint of ${fetched.trustDomain} gives a bundle of ${said}, and sequence ${known.sequence} is known already, which stays in force`,
  });
}
