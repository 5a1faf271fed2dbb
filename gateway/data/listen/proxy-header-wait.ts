/** Owns learning a connection's client from the PROXY header that a load balancer sends first: it is not optional, and only trusted ones may send it. */
import type { Socket } from 'node:net';
import { type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import type { ClientGround } from '../client/client-ground.ts';
import { addressOf, type ClientPeer, clientAt } from '../message/peer.ts';
import type { TrustedProxies } from '../message/trusted-proxies.ts';
import { ProxyHeaderReader } from '../wire/proxy-protocol/header-reader.ts';
import { OpeningWait } from './opening-wait.ts';

/**
 * Calls `accept` with the client that a trusted proxy names; the socket is paused then, and what came behind the header is put
 * back. Others are closed and counted: from anybody else a header could claim any address. The socket's errors must be listened to.
 */
export function awaitProxyHeader(
  socket: Socket,
  ground: ClientGround,
  proxies: TrustedProxies,
  accept: (from: ClientPeer) => void,
): void {
  // Reset before it was accepted, as health checks do that want to know whether a port is open.
  if (socket.remoteAddress === undefined) {
    socket.destroy();
    return;
  }
  const sender = addressOf(socket);
  const refuse = (code: ErrorCode, what: string) => {
    socket.destroy();
    ground.recorder.refused(undefined, code);
    const err = new IsthmusError(code, { what, where: sender });
    ground.sparseLog.warn({ err }, 'connection without a client refused');
  };
  if (!proxies.has(sender)) {
    refuse('PROXY_UNTRUSTED', `${sender} connects to a port that is for trusted proxies`);
    return;
  }
  const reader = new ProxyHeaderReader();
  const opening = { name: 'The PROXY header', reader, limitMs: ground.limits.headMs };
  new OpeningWait(socket, ground, opening, {
    onWhole({ client, behind }) {
      if (behind.length > 0) socket.unshift(behind);
      // Whom it doesn't name it may pass on all the same: what that one says of others is not believed.
      accept(
        client === undefined ? { kind: 'client', address: sender } : clientAt(client, proxies),
      );
    },
    onRefused: (what) => refuse('PROXY_HEADER_REFUSED', `${sender}: ${what}`),
  });
}
