/** Owns finding a root that is known by its fingerprint alone: how a joiner meets the first cluster it trusts. */
import { timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { leafId } from './chain.ts';
import { shakeHands } from './handshake.ts';
import { presentedChain } from './peer-verification.ts';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';
import { TrustStore } from './trust-store.ts';
import { fingerprintOf, pemOf } from './x509.ts';

export interface PinOptions {
  readonly host: string;
  readonly port: number;
  /** Of the root that must be behind the answering leaf; see `fingerprintOf`. */
  readonly fingerprint: string;
  /** Milliseconds for connecting and shaking hands together. */
  readonly timeoutMs: number;
  /** Default the system's. */
  readonly clock?: Clock;
}

export interface PinnedRoot {
  readonly rootPem: string;
  readonly trustDomain: TrustDomain;
  /** Who answered. */
  readonly leafId: SpiffeId;
}

/**
 * Asks the server at an address for the root with a given fingerprint, by a handshake alone: we present no
 * certificate and send nothing. Throws TOKEN_PIN_MISMATCH when the server does not present that root or is
 * not vouched for by it, PEER_UNREACHABLE when there is no handshake in time.
 */
export async function pinnedRoot(options: PinOptions): Promise<PinnedRoot> {
  const { host, port, fingerprint, timeoutMs, clock = systemClock } = options;
  const socket = await shakeHands({ host, port, timeoutMs, clock });
  const chain = presentedChain(socket);
  socket.destroy();

  const where = `${host}:${port}`;
  const root = chain.find((certificate) => same(fingerprintOf(certificate.raw), fingerprint));
  const [leaf] = chain;
  if (root === undefined || leaf === undefined) {
    throw new IsthmusError('TOKEN_PIN_MISMATCH', {
      what: 'The server does not present the pinned root',
      where,
    });
  }
  try {
    const { trustDomain } = leafId(leaf);
    const trust = new TrustStore();
    trust.set({ trustDomain, sequence: 0, refreshHintSeconds: 0, roots: [root] });
    const peer = trust.verifyChain(chain, clock.now());
    return { rootPem: pemOf(root.raw), trustDomain, leafId: peer };
  } catch (cause) {
    throw new IsthmusError('TOKEN_PIN_MISMATCH', {
      what: `The server presents the pinned root, which does not vouch for it: ${messageOf(cause)}`,
      where,
      cause,
    });
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
