/** Owns the list of the functions: names and identities as the federation spells them. */
import type { ProviderFunction } from '../offer.ts';
import { hostOfService } from './service-host.ts';
import { partsOfSpiffeId, spiffeId } from './spiffe-id.ts';

export const functions: readonly ProviderFunction[] = [hostOfService, partsOfSpiffeId, spiffeId];
