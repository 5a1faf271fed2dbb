/** Owns what an entry of the audit is: a change that was asked for, by whom, from where, and what became of it. */
import type { Role } from '../roles.ts';
import type { Difference } from './differences.ts';

/**
 * How who asked was known: as the admin API knows them; by a join token, or the certificate of a gateway, over the federation's own
 * calls; or as whoever may write the configuration file.
 */
export const auditWays = [
  'local',
  'token',
  'oidc',
  'certificate',
  'gateway',
  'join-token',
  'file',
  'none',
] as const;

/** Neither the query nor the body is kept: they may hold secrets. */
export interface AuditDraft {
  readonly who: string;
  readonly via: (typeof auditWays)[number];
  readonly role: Role | 'none';
  /** Address it came from; `socket` for a Unix socket. */
  readonly from: string;
  readonly method: string;
  readonly path: string;
  /** The operation's name, as the API's description has it; absent where there is none. */
  readonly operation?: string;
  /** The object of the operation: its names, and what the operation comes down to. */
  readonly object?: string;
  readonly status: number;
  readonly code?: string;
  /** What is other than it was, as far as it was observed when the answer was given. Never a secret. */
  readonly changes?: readonly Difference[];
  /** Entries of refused callers without a role that were left out before this one: see `Strangers`. */
  readonly leftOut?: number;
}
