/** Owns the list of the functions. */
import type { ProviderFunction } from '../offer.ts';

export const functions: readonly ProviderFunction[] = [];
