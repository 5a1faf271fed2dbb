/** Owns telling a service's answer from another gateway's refusal: by a field of the response. */
import { type ErrorCode, errorCodes } from '../../../core/error-codes.ts';
import type { ClusterName } from '../../../core/names.ts';
import { failedId, refusedId, whyField } from './headers.ts';
import type { FailedTry, ReceivedFields, ResponseHead } from './message.ts';

/** The failure that a response of `cluster` stands for; undefined when it is the service's own. */
export function failureIn({ fields }: ResponseHead, cluster: ClusterName): FailedTry | undefined {
  const refused = fields.getById(refusedId);
  const code = refused ?? fields.getById(failedId);
  if (code === undefined) return undefined;
  return {
    sent: refused === undefined ? 'maybe' : 'no',
    code: answerFor(code),
    what: `Cluster ${cluster} answered ${isErrorCode(code) ? code : 'an unknown code'}${whyIn(fields)}`,
  };
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

function whyIn(fields: ReceivedFields): string {
  const why = fields.get(whyField);
  return why === undefined ? '' : `: ${why}`;
}

/** To the client it is all one whether this cluster or another one could not serve, unless time ran out or the service answered. */
function answerFor(code: string): ErrorCode {
  if (code === 'UPSTREAM_TIMED_OUT' || code === 'UPSTREAM_FAILED') return code;
  if (code === 'RESPONSE_REFUSED' || code === 'DEADLINE_EXCEEDED') return code;
  if (code === 'CIRCUIT_OPEN') return code;
  if (code === 'ENDPOINT_SPEAKS_HTTP2' || code === 'ENDPOINT_TLS_FAILED') return code;
  // A cluster's no stays one: no other is asked instead.
  if (code === 'ACCESS_DENIED') return code;
  return 'NO_HEALTHY_ENDPOINT';
}
