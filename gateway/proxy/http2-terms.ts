/** Owns what the other side of an HTTP/2 connection may do, as a client or as another gateway. */
import { type ConnectionOptions, linkOptions, strangerOptions } from '../wire/http2/options.ts';
import type { ProxyLimits } from './limit.ts';

/** All in milliseconds; Infinity = as long as it likes. */
export interface ConnectionTimes {
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
export function gatewayTerms({ headMs }: ProxyLimits): ConnectionTerms {
  return {
    options: linkOptions,
    times: { headMs, idleMs: Infinity, silentMs: gatewaySilentMs },
    saysScheme: true,
  };
}

/** The limits of strangers, whose WebSockets are carried, too (RFC 8441). */
export function clientTerms({ headMs, keepAliveMs, maxHeadBytes }: ProxyLimits): ConnectionTerms {
  const maxHeaderListSize = Math.min(strangerOptions.maxHeaderListSize, maxHeadBytes);
  return {
    options: { ...strangerOptions, maxHeaderListSize, connectProtocol: true },
    times: { headMs, idleMs: keepAliveMs, silentMs: Infinity },
    saysScheme: false,
  };
}
