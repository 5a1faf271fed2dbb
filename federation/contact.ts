/** Owns reaching the gateway a token names: at whichever of its addresses, and only once it has shown the root the token pins. */
import { X509Certificate } from 'node:crypto';
import { pinnedRoot } from '../certs/pin.ts';
import { TrustStore } from '../certs/trust-store.ts';
import { parseAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { trustDomainOf } from '../core/names.ts';
import { FederationClient } from './client.ts';
import type { JoinToken } from './token.ts';

/** Time to shake hands with one address. */
const handshakeMs = 5000;

interface ContactOptions {
  readonly clock: Clock;
  /** Time each call may take, in milliseconds. Default 10 s. */
  readonly deadlineMs?: number;
}

/**
 * Runs `use` with a client to the first address of the token where the right gateway answers. Throws TOKEN_PIN_MISMATCH when
 * only others do, CLOCK_SKEW when it can't be told for the clocks, PEER_UNREACHABLE when nobody does, or what `use` throws.
 */
export async function withAdmittingGateway<T>(
  token: JoinToken,
  options: ContactOptions,
  use: (client: FederationClient) => Promise<T>,
): Promise<T> {
  const client = await findGateway(token, options);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function findGateway(token: JoinToken, options: ContactOptions): Promise<FederationClient> {
  const failures: IsthmusError[] = [];
  for (const address of token.addresses) {
    try {
      return await clientTo(address, token, options);
    } catch (thrown) {
      failures.push(asIsthmusError(thrown));
    }
  }
  // An impostor is worse news than a silence.
  const worst =
    failures.find(({ code }) => code === 'TOKEN_PIN_MISMATCH') ??
    failures.find(({ code }) => code === 'CLOCK_SKEW') ??
    failures[0];
  throw worst ?? new IsthmusError('TOKEN_INVALID', { what: 'The join token names no address' });
}

async function clientTo(
  address: string,
  token: JoinToken,
  { clock, deadlineMs }: ContactOptions,
): Promise<FederationClient> {
  const { host, port } = parseAddress(address);
  const { fingerprint } = token;
  const pinned = await pinnedRoot({ host, port, fingerprint, timeoutMs: handshakeMs, clock });
  const expected = trustDomainOf(token.cluster, token.federation);
  if (pinned.trustDomain !== expected) {
    throw new IsthmusError('TOKEN_PIN_MISMATCH', {
      what: `${pinned.leafId.uri} answered, where the token names ${expected}`,
      where: address,
    });
  }
  const trust = new TrustStore();
  trust.set({
    trustDomain: pinned.trustDomain,
    sequence: 0,
    refreshHintSeconds: 0,
    roots: [new X509Certificate(pinned.rootPem)],
  });
  return new FederationClient({ address, trust, expect: pinned.trustDomain, deadlineMs, clock });
}
