/** Owns looking whether the gateways of one cluster answer at addresses: by a TLS handshake alone, in which nothing is shown of us and nothing sent. */
import type { Bundle } from '../certs/bundle.ts';
import { shakeHands } from '../certs/handshake.ts';
import { presentedChain } from '../certs/peer-verification.ts';
import type { SpiffeId } from '../certs/spiffe-id.ts';
import { TrustStore } from '../certs/trust-store.ts';
import { parseAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { doubtful, type Line, refusing, well } from './preflight.ts';

/** Of one address. */
const handshakeMs = 3000;

type Answer =
  | { readonly kind: 'answers'; readonly address: string }
  /** Somebody is there who is not vouched for by the bundle. */
  | { readonly kind: 'other'; readonly address: string; readonly why: string }
  | { readonly kind: 'silent'; readonly address: string; readonly why: string };

/** Looks at all addresses at once. Never rejects. */
export async function reach(
  addresses: readonly string[],
  bundle: Bundle,
  clock: Clock,
): Promise<readonly Answer[]> {
  const trust = new TrustStore();
  trust.set(bundle);
  const each = [...new Set(addresses)].map((address) => answerAt(address, trust, bundle, clock));
  return Promise.all(each);
}

async function answerAt(
  address: string,
  trust: TrustStore,
  { trustDomain }: Bundle,
  clock: Clock,
): Promise<Answer> {
  try {
    const to = { ...parseAddress(address), timeoutMs: handshakeMs, clock };
    const socket = await shakeHands(to);
    const chain = presentedChain(socket);
    socket.on('error', () => undefined); // Who wants a certificate of us ends it.
    socket.destroy();
    const id = trust.verifyChain(chain, clock.now());
    if (isGateway(id) && id.trustDomain === trustDomain) return { kind: 'answers', address };
    return { kind: 'other', address, why: `${id.uri} answers` };
  } catch (thrown) {
    const { code, message: why } = asIsthmusError(thrown);
    return { kind: code === 'PEER_UNREACHABLE' ? 'silent' : 'other', address, why };
  }
}

function isGateway({ path }: SpiffeId): boolean {
  return path.startsWith('/gateway/');
}

/** What the joining gateway is told of a member: a line of all addresses that answer, and one of each other. */
export function reachLines(cluster: string, answers: readonly Answer[]): Line[] {
  return [
    ...answering('reach', cluster, answers),
    ...answers.flatMap((one): Line[] => {
      if (one.kind === 'answers') return [];
      const { address, why } = one;
      if (one.kind === 'silent') {
        const what = `${cluster} advertises ${address}, and nobody is reached there from here: ${why}`;
        const fix = `Open the way from here to it; until then requests go to what else ${cluster} advertises, or not to it at all.`;
        return [doubtful('reach', 'PEER_UNREACHABLE', what, fix)];
      }
      const what = `${cluster} advertises ${address}, and somebody else is found there from here: ${why}`;
      const fix = `Have ${cluster} advertise an address of its own, or see who is in between.`;
      return [doubtful('reach', 'CERT_UNTRUSTED', what, fix)];
    }),
  ];
}

/**
 * What the gateway that admits, `by`, saw when it dialed the joining cluster back. That nobody answers may be a firewall which is yet to be
 * opened. That somebody else does is refused: links would go to them, and be refused there.
 */
export function reachedLines(cluster: string, by: string, answers: readonly Answer[]): Line[] {
  return [
    ...answering('reached', cluster, answers, ` as ${by} sees it`),
    ...answers.flatMap((one): Line[] => {
      if (one.kind === 'answers') return [];
      const { address, why } = one;
      if (one.kind === 'silent') {
        const what = `${cluster} advertises ${address}, and ${by} reaches nobody there: ${why}`;
        const fix = `Open the way from ${by} to it, or advertise another address (\`advertise\`): until then no request comes from there.`;
        return [doubtful('reached', 'PEER_UNREACHABLE', what, fix)];
      }
      const what = `${cluster} advertises ${address}, and ${by} finds somebody else there: ${why}`;
      const fix = 'Advertise an address that leads to this gateway (`advertise`), and no other.';
      return [refusing('reached', new IsthmusError('JOIN_REFUSED', { what, fix }))];
    }),
  ];
}

function answering(
  subject: 'reach' | 'reached',
  cluster: string,
  answers: readonly Answer[],
  how = '',
): Line[] {
  const good = answers.filter(({ kind }) => kind === 'answers').map(({ address }) => address);
  return good.length === 0 ? [] : [well(subject, `${cluster} answers at ${good.join(', ')}${how}`)];
}
