/** Owns the exit codes: what a script can tell from how a command ended. */
import type { ErrorKind } from '../core/error-codes.ts';

export const exitCodes = {
  ok: 0,
  failed: 1,
  /** It works, but not as it should: warnings, a stale registry, a problem somewhere. */
  degraded: 3,
  notFound: 4,
  refused: 5,
  timedOut: 6,
  /** Wrong usage of the command line (EX_USAGE of sysexits.h). */
  usage: 64,
  /** A file, name or body that is wrong (EX_DATAERR of sysexits.h). */
  badInput: 65,
} as const;

const byKind: Record<ErrorKind, number> = {
  failed: exitCodes.failed,
  'not-found': exitCodes.notFound,
  refused: exitCodes.refused,
  'timed-out': exitCodes.timedOut,
  usage: exitCodes.usage,
  'bad-input': exitCodes.badInput,
};

/** The exit code for an error of this kind. */
export function exitCodeOf(kind: ErrorKind): number {
  return byKind[kind];
}
