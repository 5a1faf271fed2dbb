/** Owns the list of the ephemeral resources. */
import { ephemeralJoinToken } from '../join-token/ephemeral.ts';
import type { EphemeralResource } from '../offer.ts';

export const ephemeralResources: readonly EphemeralResource[] = [ephemeralJoinToken];
