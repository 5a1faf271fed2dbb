/** Owns who is at the other end of a TLS connection: asked of our trust store once shaken hands, and again whenever trust changes. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { IsthmusError, messageOf } from '../core/errors.ts';
import type { SpiffeId } from './spiffe-id.ts';
import type { TrustStore } from './trust-store.ts';

/** Certificates read of what a peer presents; `verifyPath` refuses a chain before it gets that long. */
const maxRead = 16;

/** The certificates that the peer presented, leaf first, in its own order, unverified; empty when it presented none. */
export function presentedChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < maxRead) {
    chain.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/**
 * Verifies the peer of a socket whose handshake is done, at wall time `now`. From then on the socket is destroyed, with CERT_UNTRUSTED as
 * its error, as soon as a change of trust leaves nobody to vouch for the peer. A certificate that merely
 * expires meanwhile does not end a connection that was made while it was valid.
 * Throws CERT_INVALID or CERT_UNTRUSTED; the socket is then the caller's to destroy.
 */
export function verifyPeer(socket: TLSSocket, trust: TrustStore, now: number): SpiffeId {
  const chain = presentedChain(socket);
  const id = trust.verifyChain(chain, now);
  const stop = trust.onChange((changed) => {
    if (changed !== id.trustDomain) return;
    try {
      trust.verifyChain(chain, now);
    } catch (cause) {
      stop();
      socket.destroy(
        new IsthmusError('CERT_UNTRUSTED', {
          what: `The peer is trusted no more: ${messageOf(cause)}`,
          where: id.uri,
          cause,
        }),
      );
    }
  });
  const [leaf] = chain;
  const ended = leaf && trust.rests(leaf);
  socket.once('close', () => {
    stop();
    ended?.();
  });
  return id;
}
