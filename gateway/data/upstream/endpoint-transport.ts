/** Owns reaching endpoints of this cluster, each by the protocol that its service declares, in clear text or over one service's TLS. */
import type { ServerTls } from '../../../certs/server-trust.ts';
import { formatAddress } from '../../../core/address.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import type { EndpointTransport } from '../message/call.ts';
import { defaultLimits, responseLimits } from '../request/limit.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import { Http1Endpoints } from './endpoint-http1.ts';
import { Http2Endpoints } from './endpoint-http2.ts';
import { EndpointTunnel } from './endpoint-tunnel.ts';
import { FailedCall, tlsFailure } from './failed-call.ts';
import type { NameResolver } from './resolve.ts';

/** `heads` is looked at for each response, or by each connection made: its values may change. */
export function createEndpointTransport(
  { lookup }: NameResolver,
  heads: Http1Limits = responseLimits(defaultLimits),
  clock: Clock = systemClock,
  tls?: ServerTls,
): EndpointTransport {
  const ground = { lookup, clock, heads, tls };
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
        const what = `${address} speaks ${protocol}; it was asked for ${asked}`;
        return new FailedCall(handler, { sent: 'no', code: 'PROTOCOL_MISMATCH', what });
      }
      // Clients of such a service bring their own TLS.
      if (protocol === 'tls')
        return new EndpointTunnel(endpoint, handler, options, { lookup, clock });
      if (isRaw) return new EndpointTunnel(endpoint, handler, options, ground);
      return (protocol === 'http' ? http1 : http2).call(endpoint, request, handler, options);
    },
    retire() {
      http1.retire();
      http2.retire();
    },
    close() {
      http1.close();
      http2.close();
    },
  };
}

/** For endpoints that are to be reached over TLS, while what that takes is not there: they are not spoken to in clear text instead. */
export function noTransport(why: string): EndpointTransport {
  return {
    call({ address, port }, _request, handler) {
      return new FailedCall(handler, tlsFailure(formatAddress(address, port), why));
    },
    retire() {},
    close() {},
  };
}
