/** Owns the proof that an expired certificate is refused: one is made and shown to a gateway of another cluster, whose reaction is told. */
import { once } from 'node:events';
import tls from 'node:tls';
import type { Authority, LeafIdentity } from '../../../certs/authority.ts';
import { gatewayId } from '../../../certs/spiffe-id.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { Note } from '../../../federation/drills/lifecycle.ts';
import type { Findings } from '../../../federation/drills/report.ts';
import { linkAlpn } from '../../data/link/dial.ts';
import { hello } from '../trust/hello.ts';

interface ProbeOptions {
  readonly authority: Authority;
  readonly clock: Clock;
  /** Longest time of one connection, in milliseconds; default 3000. */
  readonly timeoutMs?: number;
}

interface Probe {
  readonly cluster: ClusterName;
  readonly address: string;
}

type ProbeResult =
  /** The other side ended it, as it should. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The gateway answered: the certificate was believed. */
  | { readonly kind: 'accepted' }
  /** Nobody answered at all, which proves nothing. */
  | { readonly kind: 'unreachable'; readonly why: string };

/** The id of no gateway: nobody could take its acts for this gateway's own. */
const sandbox = 'drill-sandbox';
/** The certificate lived for a minute, and so long ago that no clock between datacenters is that wrong. */
const lifetimeMs = 60_000;
const agoMs = 15 * 60_000;

/** Shows an expired certificate to others, with one note for each. */
export async function probeOthers(
  targets: readonly Probe[],
  options: ProbeOptions,
  note: (note: Note) => void,
): Promise<NonNullable<Findings['probes']>> {
  const identity = await expiredIdentity(options);
  const results = await Promise.all(
    targets.map(async (target) => {
      const result = await probe(target, identity, options);
      const { cluster, address } = target;
      const what = {
        refused: `${address} refused the expired certificate`,
        accepted: `${address} accepted the expired certificate`,
        unreachable: `${address} could not be reached, which proves nothing`,
      }[result.kind];
      note({ kind: 'probe', cluster, what: 'why' in result ? `${what}: ${result.why}` : what });
      return result.kind;
    }),
  );
  const refused = results.filter((kind) => kind === 'refused').length;
  return { made: results.length, refused };
}

/** A certificate of this cluster, in order in every way but that it has expired. */
function expiredIdentity({ authority, clock }: ProbeOptions): Promise<LeafIdentity> {
  return authority.issueLeaf({
    id: gatewayId(authority.trustDomain, sandbox),
    dnsNames: [],
    lifetimeMs,
    from: clock.now() - agoMs,
  });
}

/**
 * Connects as a gateway would and says hello in HTTP/2: with TLS 1.3 a client believes itself connected before its
 * certificate was looked at, so that only an answer proves that it was accepted.
 */
async function probe(
  { address }: Probe,
  identity: LeafIdentity,
  { clock, timeoutMs = 3_000 }: ProbeOptions,
): Promise<ProbeResult> {
  const { host, port } = parseAddress(address);
  let reached = false;
  const socket = tls.connect({
    host,
    port,
    minVersion: 'TLSv1.3',
    ca: [],
    // Whether the other side is who it should be is not what is asked here; nothing is sent to it.
    rejectUnauthorized: false,
    cert: identity.chainPem,
    key: identity.keyPem,
    ALPNProtocols: [linkAlpn],
  });
  socket.once('connect', () => {
    reached = true;
  });
  // Counted from here and not by silence: what hangs in the middle of a handshake is over in time too.
  const cancel = clock.after(timeoutMs, () =>
    socket.destroy(new Error(`no answer within ${timeoutMs} ms`)),
  );
  const closed = new Promise<never>((_resolve, reject) => {
    socket.once('close', () => reject(new Error('the other side closed the connection')));
  });
  closed.catch(() => undefined); // Also when nobody waits for it any more: it is closed here at last.
  try {
    await Promise.race([once(socket, 'secureConnect'), closed]);
    await Promise.race([hello(socket, host), closed]);
    return { kind: 'accepted' };
  } catch (thrown) {
    const why = messageOf(thrown);
    return reached ? { kind: 'refused', why } : { kind: 'unreachable', why };
  } finally {
    cancel();
    socket.destroy();
  }
}
