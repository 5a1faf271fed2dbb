/** Owns the terms on which a peer uses an HTTP/2 connection, as a client or as another gateway. */

import { http1Limits, type ProxyLimits } from '../request/limit.ts';
import {
  type ConnectionOptions,
  linkServerOptions,
  strangerOptions,
} from '../wire/http2/options.ts';

/** All in milliseconds; Infinity = as long as it likes. */
interface ConnectionTimes {
  /** For a header block, once it has begun; for the preface, from the start. */
  readonly headMs: number;
  /** Without a request. */
  readonly idleMs: number;
  /** Without an octet. */
  readonly silentMs: number;
}

export interface ConnectionTerms {
  readonly options: ConnectionOptions;
  readonly times: ConnectionTimes;
  /** Whether it is believed how its own clients reached it. */
  readonly saysScheme: boolean;
}

/** A gateway sends PINGs, several a second: one that is silent for so long is gone, though nothing says so. */
const gatewaySilentMs = 15_000;

/** A link rests as long as there is nothing to carry. */
export function gatewayTerms(limits: ProxyLimits): ConnectionTerms {
  const { headMs } = limits;
  return {
    options: linkServerOptions(http1Limits(limits)),
    times: { headMs, idleMs: Infinity, silentMs: gatewaySilentMs },
    saysScheme: true,
  };
}

/** The limits of strangers, whose WebSockets are carried, too (RFC 8441). */
export function clientTerms({ headMs, keepAliveMs, maxHeadBytes }: ProxyLimits): ConnectionTerms {
  return {
    options: { ...strangerOptions, maxHeadBytes, connectProtocol: true },
    times: { headMs, idleMs: keepAliveMs, silentMs: Infinity },
    saysScheme: false,
  };
}
