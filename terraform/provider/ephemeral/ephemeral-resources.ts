/** Owns the list of the ephemeral resources. */
import type { EphemeralResource } from '../offer.ts';

export const ephemeralResources: readonly EphemeralResource[] = [];
