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
export function answerTo({ status, what }: Unreadable): string {
  const problem = new IsthmusError('REQUEST_REFUSED', { what }).toProblem();
  const body = Buffer.from(`${JSON.stringify({ ...problem, status })}\n`);
  const length = framingLines({ kind: 'length', bytes: body.length });
  return responseHead(status, joinLines(closingLines, length)) + body.toString('latin1');
}
