/** Owns the list of the data sources. */
import type { DataSource } from '../offer.ts';

export const dataSources: readonly DataSource[] = [];
