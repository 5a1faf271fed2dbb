/** Owns the one error type of the product: coded, with what happened, where, and what to do next. */
import { type ErrorCode, type ErrorKind, errorCodes } from './error-codes.ts';

export type { ErrorCode } from './error-codes.ts';

interface ErrorDetails {
  /** What happened, as a full sentence without a trailing period. Never contains a secret. */
  readonly what: string;
  /** Where: `file:line:column`, a registry key, an address, a field path. */
  readonly where?: string | undefined;
  /** What to do next, as an instruction. Defaults to the code's own advice. */
  readonly fix?: string | undefined;
  readonly cause?: unknown;
}

/** The shape an error takes in JSON: RFC 9457 problem details plus `code`, `where` and `fix`. */
interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly where?: string;
  readonly fix: string;
}

/** A refusal or failure that a user can act on. Its `code` is stable; its texts may improve. */
export class IsthmusError extends Error {
  override readonly name = 'IsthmusError';
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly fix: string;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.what, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.fix = details.fix ?? errorCodes[code].fix;
  }

  get kind(): ErrorKind {
    return errorCodes[this.code].kind;
  }

  /** HTTP status of this error when it answers a request. */
  get status(): number {
    return errorCodes[this.code].status;
  }

  toProblem(): Problem {
    return {
      type: `urn:isthmus:error:${this.code}`,
      title: errorCodes[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      fix: this.fix,
    };
  }
}

/** Wraps anything thrown into an `IsthmusError`; one that already is passes through unchanged. */
export function asIsthmusError(thrown: unknown, code: ErrorCode = 'INTERNAL'): IsthmusError {
  if (thrown instanceof IsthmusError) return thrown;
  return new IsthmusError(code, { what: messageOf(thrown), cause: thrown });
}

/** The message of anything thrown, including an AggregateError that carries its texts inside. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') {
    return thrown.errors.map(messageOf).join('; ');
  }
  return withoutSource(thrown instanceof Error ? thrown.message : String(thrown));
}

/** OpenSSL says where in its source it gave up, and in which thread; the reason is in between, and says what a reader can use. */
const openSslText =
  /[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):[^:\s]+:\d+:(?:SSL alert number \d+)?\n?/g;

/** What OpenSSL says in `text` in its own words, without where in its source it says so. */
export function withoutSource(text: string): string {
  return text.includes(':error:') ? text.replace(openSslText, '$1') : text;
}
