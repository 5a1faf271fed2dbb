/** Owns the order in which a request is dealt with: its steps, what each does, and with what a request can end there. */
import type { ErrorCode } from '../../../core/error-codes.ts';

export interface Slot {
  /** Also the name of its file in this folder. */
  readonly name: string;
  readonly does: string;
  /** Codes of what it can refuse with. */
  readonly refusals: readonly ErrorCode[];
}

/** The steps, first to last. Those before `pick` look at the head alone, and a listener has only those that can apply there. */
export const life = [
  {
    name: 'receive',
    does: 'reads the head, and refuses what is not readable, not offered here, or more than a worker can do',
    refusals: [
      'REQUEST_REFUSED',
      'REQUEST_TARGET_TOO_LONG',
      'REQUEST_HEAD_TOO_LARGE',
      'REQUEST_TOO_SLOW',
      'OVERLOADED',
    ],
  },
  {
    name: 'normalize',
    does: 'brings path and fields into the one form that is decided by and sent on',
    refusals: ['PATH_AMBIGUOUS', 'REQUEST_REFUSED'],
  },
  {
    name: 'route',
    does: 'finds the service: by its host, at an ingress also by the path; and the rule of a Route, by more',
    refusals: [
      'HOST_MISDIRECTED',
      'ROUTE_NOT_FOUND',
      'NOT_READY',
      'NO_HEALTHY_ENDPOINT',
      'LOOP_REFUSED',
    ],
  },
  {
    name: 'authenticate',
    does: 'asks who the other side is: on the east-west listener only gateways of members are served, and tokens are verified where policies of the service take any',
    refusals: ['PEER_REFUSED', 'JWT_MISSING', 'JWT_INVALID', 'KEYS_UNAVAILABLE'],
  },
  {
    name: 'authorize',
    does: 'asks whether they may: other clusters get what is exported, and whoever asks what the policies of the service let',
    refusals: ['NOT_EXPORTED', 'ACCESS_DENIED'],
  },
  {
    name: 'rate-limit',
    does: 'refuses what is more than a written policy allows in a time',
    refusals: ['RATE_LIMITED'],
  },
  {
    name: 'limit',
    does: 'bounds the size of the body, and the time it takes',
    refusals: ['BODY_TOO_LARGE', 'REQUEST_TOO_SLOW'],
  },
  {
    name: 'fault',
    does: 'holds or answers what a Route has go wrong on purpose',
    refusals: [],
  },
  {
    name: 'mirror',
    does: 'notes where copies of the request go',
    refusals: [],
  },
  {
    name: 'split',
    does: 'goes on to the service that a Route draws, or answers as it says',
    refusals: ['BACKEND_NOT_FOUND', 'NOT_READY', 'LOOP_REFUSED', 'ACCESS_DENIED', 'RATE_LIMITED'],
  },
  {
    name: 'pick',
    does: 'chooses an endpoint, or another cluster',
    refusals: ['NO_HEALTHY_ENDPOINT', 'CIRCUIT_OPEN'],
  },
  {
    name: 'forward',
    does: 'sends it there, within its time limits',
    refusals: [
      'UPSTREAM_FAILED',
      'UPSTREAM_TIMED_OUT',
      'DEADLINE_EXCEEDED',
      'PROTOCOL_MISMATCH',
      'ENDPOINT_SPEAKS_HTTP2',
      'ENDPOINT_TLS_FAILED',
    ],
  },
  {
    name: 'retry',
    does: 'tries again what may be tried again',
    refusals: ['RETRY_BUDGET_SPENT'],
  },
  {
    name: 'respond',
    does: 'passes the answer on, or answers itself; what breaks is never ended as if it were whole',
    refusals: ['RESPONSE_REFUSED'],
  },
  {
    name: 'record',
    does: 'counts it, and where that is configured leaves a span and a line',
    refusals: [],
  },
] as const satisfies readonly Slot[];

export type SlotName = (typeof life)[number]['name'];
