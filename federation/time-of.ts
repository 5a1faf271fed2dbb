/** Owns asking another gateway the time, also where the clocks are so far apart that its certificate is not valid here, nor ours there. */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { leafId } from '../certs/chain.ts';
import { shakeHands } from '../certs/handshake.ts';
import { presentedChain } from '../certs/peer-verification.ts';
import type { TrustDomain } from '../certs/spiffe-id.ts';
import type { TrustStore } from '../certs/trust-store.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { federationService, type PingReply } from './messages.ts';
import { federationProtocol } from './protocols.ts';

interface TimeOfOptions {
  readonly host: string;
  readonly port: number;
  readonly trust: TrustStore;
  /** The trust domain a gateway of which must answer. */
  readonly expect: TrustDomain;
  readonly clock: Clock;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

/** A gateway's clock by ours. */
export interface ClockReading {
  /** Its id within its cluster. */
  readonly gateway: string;
  /** How far it is ahead; negative: behind. */
  readonly offsetMs: number;
  /** Half of the round trip: the offset is exact to this. */
  readonly errorMs: number;
}

/** gRPC's frame around a message: not compressed, and of this length (PROTOCOL-HTTP2). */
const framedBytes = 5;

/**
 * Asks without a certificate, and takes the other's for good whose only fault is the time: who has such a one, and its key, could say a wrong
 * time, and nothing rests on that but what is shown. Throws PEER_UNREACHABLE, CERT_UNTRUSTED, CERT_INVALID or TIMED_OUT.
 */
export async function timeOf(options: TimeOfOptions): Promise<ClockReading> {
  const { trust, expect, clock, timeoutMs, ...where } = options;
  const socket = await shakeHands({ ...where, clock, timeoutMs, alpn: [federationProtocol] });
  // What becomes of the socket is told by the request.
  socket.on('error', () => undefined);
  try {
    refuseOthers(socket, trust, expect);
    return await ask(socket, clock, timeoutMs);
  } catch (thrown) {
    throw asIsthmusError(thrown, 'PEER_UNREACHABLE');
  } finally {
    socket.destroy();
  }
}

/** Throws unless a gateway of `expect` is there, by a certificate that a root of it signed, for whatever time: by the time of both there may be none at which all is valid. */
function refuseOthers(socket: TLSSocket, trust: TrustStore, expect: TrustDomain): void {
  const [leaf] = presentedChain(socket);
  const id = leaf && leafId(leaf);
  const isGateway = id?.trustDomain === expect && id.path.startsWith('/gateway/');
  const roots = trust.get(expect)?.roots ?? [];
  const isSigned = roots.some((root) => leaf?.checkIssued(root) && leaf.verify(root.publicKey));
  if (isGateway && isSigned) return;
  throw new IsthmusError('CERT_UNTRUSTED', {
    what: `${id?.uri ?? 'Nobody'} answered, where a gateway of ${expect} was expected`,
  });
}

async function ask(socket: TLSSocket, clock: Clock, timeoutMs: number): Promise<ClockReading> {
  const { path, requestSerialize, responseDeserialize } = federationService['Ping'] ?? noPing();
  const session = connect('https://gateway', { createConnection: () => socket });
  session.on('error', () => undefined); // The request has it, too.
  const cancel = clock.after(timeoutMs, () => {
    const what = `The time was not told within ${timeoutMs} ms`;
    session.destroy(new IsthmusError('TIMED_OUT', { what }));
  });
  try {
    // The answer to the first question would have waited for the settings of the connection.
    await once(session, 'remoteSettings');
    const askedAt = clock.now();
    const began = clock.monotonic();
    const request = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    request.end(framed(requestSerialize({})));
    const answer = await buffer(request);
    const errorMs = (clock.monotonic() - began) / 2;
    if (answer.length < framedBytes) {
      throw new IsthmusError('PEER_UNREACHABLE', { what: 'It does not tell the time' });
    }
    const { id, timeMs } = responseDeserialize(answer.subarray(framedBytes)) as PingReply;
    const gateway = id.split('/').at(-1) ?? id;
    return { gateway, offsetMs: timeMs - (askedAt + errorMs), errorMs };
  } finally {
    cancel();
    session.destroy();
  }
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(framedBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function noPing(): never {
  throw new IsthmusError('INTERNAL', { what: 'There is no call Ping' });
}
