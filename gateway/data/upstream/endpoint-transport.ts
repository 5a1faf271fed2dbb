/** Owns reaching endpoints of this cluster, each by the protocol that its service declares. */
import { formatAddress } from '../../../core/address.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import type { Call, CallHandler, EndpointTransport } from '../message/call.ts';
import { defaultLimits, responseLimits } from '../request/limit.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import { Http1Endpoints } from './endpoint-http1.ts';
import { Http2Endpoints } from './endpoint-http2.ts';
import { EndpointTunnel } from './endpoint-tunnel.ts';
import type { NameResolver } from './resolve.ts';

/** `heads` is looked at for each response, or by each connection made: its values may change. */
export function createEndpointTransport(
  { lookup }: NameResolver,
  heads: Http1Limits = responseLimits(defaultLimits),
  clock: Clock = systemClock,
): EndpointTransport {
  const ground = { lookup, clock, heads };
  const http1 = new Http1Endpoints(ground);
  const http2 = new Http2Endpoints(ground);
  return {
    call(endpoint, request, handler, options) {
      const { protocol } = endpoint;
      const isRaw = protocol === 'tcp' || protocol === 'tls';
      const wantsRaw = request.tunnel?.kind === 'tcp';
      if (isRaw !== wantsRaw) {
        const address = formatAddress(endpoint.address, endpoint.port);
        const asked = wantsRaw ? 'raw octets' : 'HTTP';
        return mismatch(`${address} speaks ${protocol}; it was asked for ${asked}`, handler);
      }
      if (isRaw) return new EndpointTunnel(endpoint, handler, options, ground);
      return (protocol === 'http' ? http1 : http2).call(endpoint, request, handler, options);
    },
    close() {
      http1.close();
      http2.close();
    },
  };
}

const nothing: Omit<Call, 'cancel'> = { isReady: false, write: () => false, end() {}, read() {} };

/** A call that fails at once, though not before it was returned. */
function mismatch(what: string, handler: CallHandler): Call {
  let isWaitedFor = true;
  process.nextTick(() => {
    if (isWaitedFor) handler.onFailed({ sent: 'no', code: 'PROTOCOL_MISMATCH', what });
  });
  return {
    ...nothing,
    cancel() {
      isWaitedFor = false;
    },
  };
}
