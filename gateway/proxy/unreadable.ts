/** Owns the answer to what could not be read as a request: a coded problem, after which the connection closes. */
import { IsthmusError } from '../../core/errors.ts';
import { framingLines, responseHead } from '../wire/http1/encode.ts';
import { fieldLines, joinLines } from '../wire/http1/field-lines.ts';

export interface Unreadable {
  readonly status: number;
  readonly what: string;
}

export const tooSlow: Unreadable = { status: 408, what: 'The request head took too long' };

const closingLines = fieldLines([
  'content-type',
  'application/problem+json',
  'connection',
  'close',
]);

/** The whole response, in Latin-1. */
export function answerTo(unreadable: Unreadable): string {
  const body = problemOf(unreadable);
  const length = framingLines({ kind: 'length', bytes: body.length });
  return responseHead(unreadable.status, joinLines(closingLines, length)) + body.toString('latin1');
}

/** The body that says why. */
export function problemOf({ status, what }: Unreadable): Buffer {
  const problem = new IsthmusError('REQUEST_REFUSED', { what }).toProblem();
  return Buffer.from(`${JSON.stringify({ ...problem, status })}\n`);
}
