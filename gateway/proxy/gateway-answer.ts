/** Owns what another gateway's response says about itself: that it is an answer, or that it could not serve. */
import { type ErrorCode, errorCodes } from '../../core/error-codes.ts';
import type { ClusterName } from '../../core/names.ts';
import { failedId, refusedId } from './headers.ts';
import type { FailedTry, ResponseHead } from './message.ts';

/** The failure that a response of `cluster` stands for; undefined when it is the service's own. */
export function failureIn({ fields }: ResponseHead, cluster: ClusterName): FailedTry | undefined {
  const refused = fields.getById(refusedId);
  const code = refused ?? fields.getById(failedId);
  if (code === undefined) return undefined;
  return {
    sent: refused === undefined ? 'maybe' : 'no',
    code: answerFor(code),
    what: `Cluster ${cluster} answered ${isErrorCode(code) ? code : 'an unknown code'}`,
  };
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

/** To the client it is all one whether this cluster or another one could not serve, unless time ran out. */
function answerFor(code: string): ErrorCode {
  if (code === 'UPSTREAM_TIMED_OUT' || code === 'UPSTREAM_FAILED') return code;
  return 'NO_HEALTHY_ENDPOINT';
}
