/** Owns the answer to what could not be read as a request: a coded problem. */
import { type ErrorCode, IsthmusError } from '../../../../core/errors.ts';
import { framingLines, responseHead } from '../../wire/http1/encode.ts';
import { fieldLines, joinLines } from '../../wire/http1/field-lines.ts';
import type { AmbiguousPath } from '../normalize.ts';

export interface Unreadable {
  readonly status: number;
  readonly what: string;
  /** Default what stands for the status. */
  readonly code?: ErrorCode | undefined;
}

export const tooSlow: Unreadable = { status: 408, what: 'The request head took too long' };

const closingLines = fieldLines([
  'content-type',
  'application/problem+json',
  'connection',
  'close',
]);

/** Statuses that an operator can do something about have a code of their own. */
const codes: Readonly<Record<number, ErrorCode>> = {
  408: 'REQUEST_TOO_SLOW',
  413: 'BODY_TOO_LARGE',
  414: 'REQUEST_TARGET_TOO_LONG',
  431: 'REQUEST_HEAD_TOO_LARGE',
};

export function codeOf({ status, code }: Unreadable): ErrorCode {
  return code ?? codes[status] ?? 'REQUEST_REFUSED';
}

/** A path that could be read in two ways. */
export function unclearPath({ what }: AmbiguousPath): Unreadable {
  return { status: 400, what: `The path has ${what}`, code: 'PATH_AMBIGUOUS' };
}

/** The whole response, in Latin-1. The connection is to be closed after it. */
export function answerTo(unreadable: Unreadable): string {
  const body = problemOf(unreadable);
  const length = framingLines({ kind: 'length', bytes: body.length });
  return responseHead(unreadable.status, joinLines(closingLines, length)) + body.toString('latin1');
}

/** The body that says why. */
export function problemOf(unreadable: Unreadable): Buffer {
  const { status, what } = unreadable;
  const problem = new IsthmusError(codeOf(unreadable), { what }).toProblem();
  return Buffer.from(`${JSON.stringify({ ...problem, status })}\n`);
}
