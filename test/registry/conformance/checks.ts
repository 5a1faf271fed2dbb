/** Owns all that a registry must do to be one: run against a real etcd and against the embedded registry. */
import { keys, kills } from './keys.ts';
import { leases } from './leases.ts';
import type { Checks } from './subject.ts';
import { transactions } from './transactions.ts';
import { watches } from './watches.ts';

/** Of each call: hundreds at once take their time on a busy machine, and how long is not what is checked. */
export const deadlineMs = 20_000;

export { kills };
export const checks: Checks = { ...keys, ...kills, ...transactions, ...watches, ...leases };
