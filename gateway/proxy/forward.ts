/** Owns one try: a request sent to a target, and how that ended. The seam behind which the transports live. */
import type { Readable } from 'node:stream';
import { type ErrorCode, errorCodes } from '../../core/error-codes.ts';
import { messageOf } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import type { EndpointView, Target } from '../balance/types.ts';
import { failedField, refusedField } from './headers.ts';
import {
  fieldOf,
  type Outcome,
  type RequestHead,
  type Response,
  type TryOptions,
} from './message.ts';

/** Reaches endpoints of this cluster. */
export interface EndpointTransport {
  send(
    endpoint: Pick<EndpointView, 'address' | 'port'>,
    head: RequestHead,
    body: Readable | undefined,
    options: TryOptions,
  ): Promise<Outcome>;
  close(): Promise<void>;
}

/** Reaches gateways of other clusters; `LinkPool` is one. */
export interface ClusterTransport {
  request(
    cluster: ClusterName,
    head: RequestHead,
    body: Readable | undefined,
    options: TryOptions,
  ): Promise<Outcome>;
}

/** Sends one try. Never rejects: whatever goes wrong is a `FailedTry`. */
export async function forward(
  target: Target,
  endpoints: EndpointTransport,
  links: ClusterTransport,
  head: RequestHead,
  body: Readable | undefined,
  options: TryOptions,
): Promise<Outcome> {
  if (target.kind === 'endpoint') {
    return unlessBroken(await endpoints.send(target.endpoint, head, body, options));
  }
  const outcome = await links.request(target.cluster, head, body, options);
  if (outcome.kind !== 'response') return outcome;
  return unlessBroken(asGatewaySaid(outcome, target.cluster));
}

/** Where the connection broke together with the response's head, nothing of it has reached the client yet. */
function unlessBroken(outcome: Outcome): Outcome {
  if (outcome.kind !== 'response' || !outcome.body.errored) return outcome;
  return {
    kind: 'failed',
    sent: 'maybe',
    code: 'UPSTREAM_FAILED',
    what: `The response broke after its head: ${messageOf(outcome.body.errored)}`,
    cause: outcome.body.errored,
  };
}

/** Turns a response in which the remote gateway says that it could not serve into the failure it is. */
function asGatewaySaid(response: Response, cluster: ClusterName): Outcome {
  const refused = fieldOf(response.fields, refusedField);
  const code = refused ?? fieldOf(response.fields, failedField);
  if (code === undefined) return response;
  response.body.destroy();
  return {
    kind: 'failed',
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
