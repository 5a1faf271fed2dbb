/** Owns all that a registry must do to be one: run against a real etcd and against the embedded registry. */
import { keys } from './keys.ts';
import { leases } from './leases.ts';
import type { Checks } from './subject.ts';
import { transactions } from './transactions.ts';
import { watches } from './watches.ts';

export const checks: Checks = { ...keys, ...transactions, ...watches, ...leases };
