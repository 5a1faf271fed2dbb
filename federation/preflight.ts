/** Owns the lines of a preflight: what was looked at before a join, what was found, and what to do about it. */
import { type ErrorCode, errorCodes } from '../core/error-codes.ts';
import { IsthmusError } from '../core/errors.ts';

export const subjects = ['name', 'clock', 'version', 'reach', 'reached', 'registry'] as const;
/** `refused`: the join would be refused for it. */
export const outcomes = ['ok', 'warning', 'refused'] as const;

/** One thing that was looked at. */
export interface Line {
  /** `reach`: whom the joining gateway reaches; `reached`: what the gateway that admits saw when it dialed back. */
  readonly subject: (typeof subjects)[number];
  readonly outcome: (typeof outcomes)[number];
  readonly what: string;
  /** Absent from what is well. */
  readonly code?: string | undefined;
  readonly fix?: string | undefined;
}

export function well(subject: Line['subject'], what: string): Line {
  return { subject, outcome: 'ok', what };
}

export function doubtful(
  subject: Line['subject'],
  code: ErrorCode,
  what: string,
  fix: string,
): Line {
  return { subject, outcome: 'warning', what, code, fix };
}

/** What would refuse the join, as it would say it. */
export function refusing(subject: Line['subject'], { code, message, fix }: IsthmusError): Line {
  return { subject, outcome: 'refused', what: message, code, fix };
}

/** Throws the first line for which a join would be refused. */
export function refuseBy(lines: readonly Line[]): void {
  const line = lines.find(({ outcome }) => outcome === 'refused');
  if (!line) return;
  const { code = '', what, fix } = line;
  const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'JOIN_REFUSED';
  throw new IsthmusError(known, { what, fix });
}
