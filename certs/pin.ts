/** Owns finding a root that is known by its fingerprint alone: how a joiner meets the first cluster it trusts. */
import { timingSafeEqual, type X509Certificate } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { leafId } from './chain.ts';
import { shakeHands } from './handshake.ts';
import { presentedChain } from './peer-verification.ts';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';
import { TrustStore } from './trust-store.ts';
import { backdateMs, fingerprintOf, pemOf } from './x509.ts';

interface PinOptions {
  readonly host: string;
  readonly port: number;
  /** Of the root that must be behind the answering leaf; see `fingerprintOf`. */
  readonly fingerprint: string;
  /** Milliseconds for connecting and shaking hands together. */
  readonly timeoutMs: number;
  /** Default the system's. */
  readonly clock?: Clock;
}

interface PinnedRoot {
  readonly rootPem: string;
  readonly trustDomain: TrustDomain;
  /** The gateway that answered. */
  readonly leafId: SpiffeId;
}

/**
 * Asks the server at an address for the root with a given fingerprint, by a handshake alone: we present no
 * certificate and send nothing. Throws TOKEN_PIN_MISMATCH when the server does not present that root or is
 * not vouched for by it, CLOCK_SKEW when it is, at another time than it is here, PEER_UNREACHABLE when there is no handshake in time.
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
  const now = clock.now();
  try {
    return { rootPem: pemOf(root.raw), ...vouchedFor(chain, leaf, root, now) };
  } catch (cause) {
    const skew = skewOf(chain, leaf, root, now);
    if (skew !== undefined) throw new IsthmusError('CLOCK_SKEW', { what: skew, where, cause });
    throw new IsthmusError('TOKEN_PIN_MISMATCH', {
      what: `The server presents the pinned root, which does not vouch for it: ${messageOf(cause)}`,
      where,
      cause,
    });
  }
}

function vouchedFor(
  chain: readonly X509Certificate[],
  leaf: X509Certificate,
  root: X509Certificate,
  now: number,
): Omit<PinnedRoot, 'rootPem'> {
  const { trustDomain } = leafId(leaf);
  const trust = new TrustStore();
  trust.set({ trustDomain, sequence: 0, refreshHintSeconds: 0, roots: [root] });
  return { trustDomain, leafId: trust.verifyChain(chain, now) };
}

/** How far the clocks must at least be apart for the pinned root to vouch for the server by its own; undefined where it does by none. */
function skewOf(
  chain: readonly X509Certificate[],
  leaf: X509Certificate,
  root: X509Certificate,
  now: number,
): string | undefined {
  const from = leaf.validFromDate.getTime();
  const until = leaf.validToDate.getTime();
  try {
    vouchedFor(chain, leaf, root, until);
  } catch {
    return undefined; // It is not a matter of time.
  }
  // A certificate is valid from some time before it was made.
  const behindMs = from + backdateMs - now;
  const [ms, how] = now < from ? [behindMs, 'behind'] : [now - until, 'ahead of'];
  const minutes = Math.ceil(ms / 60_000);
  const apart = minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return `The clock here is at least ${apart} ${how} that of the gateway the token names: its certificate is valid from ${leaf.validFromDate.toISOString()} to ${leaf.validToDate.toISOString()}`;
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
