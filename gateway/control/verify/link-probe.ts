/** Owns looking at one east-west address of another cluster as a link does: who answers, how soon, and whether a service does. */
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { LeafIdentity } from '../../../certs/authority.ts';
import { presentedChain } from '../../../certs/peer-verification.ts';
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import { connectMutualTls } from '../../../certs/tls.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, messageOf } from '../../../core/errors.ts';
import { linkAlpn } from '../../data/link/dial.ts';
import {
  endpointField,
  failedField,
  refusedField,
  serviceField,
  whyField,
} from '../../data/message/headers.ts';

interface LinkProbeOptions {
  readonly identity: LeafIdentity;
  readonly trust: TrustStore;
  readonly expect: TrustDomain;
  readonly clock: Clock;
  /** Round trips to measure, at least 1: the first one that comes back says that we are believed there. */
  readonly pings: number;
  /** A service there to send a HEAD request to, as `orders.shop`, and its authority; default none. */
  readonly service?: { readonly name: string; readonly authority: string } | undefined;
}

/** What became of the request to a service. */
export type Served =
  | { readonly kind: 'answered'; readonly status: number }
  /** By a policy there, before it reached the service. */
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'failed'; readonly why: string };

export type Probed =
  | {
      readonly kind: 'answered';
      readonly address: string;
      /** SPIFFE ID that was presented, and the gateway's id in it. */
      readonly id: string;
      readonly gateway: string;
      readonly rttsMs: readonly number[];
      readonly served?: Served | undefined;
    }
  /** Somebody is there, and one of us does not believe the other. */
  | {
      readonly kind: 'refused';
      readonly address: string;
      readonly by: 'us' | 'them';
      readonly why: string;
    }
  | { readonly kind: 'unreachable'; readonly address: string; readonly why: string };

/** Of the handshake, of the round trips after it, and of a service. */
const timeoutMs = 3_000;

/** Never rejects. */
export async function probeLink(address: string, options: LinkProbeOptions): Promise<Probed> {
  const { identity, trust, expect, clock, pings, service } = options;
  const { host, port } = parseAddress(address);
  const alpn = [linkAlpn];
  let socket: TLSSocket;
  try {
    const where = { host, port, alpn, timeoutMs };
    socket = await connectMutualTls({ ...where, identity, trust, expect, clock });
  } catch (thrown) {
    const { code, message: why } = asIsthmusError(thrown);
    return code === 'CERT_UNTRUSTED' || code === 'CERT_INVALID'
      ? { kind: 'refused', address, by: 'us', why }
      : { kind: 'unreachable', address, why };
  }
  let isSilent = false;
  const cancel = clock.after(timeoutMs, () => {
    isSilent = true;
    socket.destroy(new Error(`it took the connection, and did not answer within ${timeoutMs} ms`));
  });
  const session = connectHttp2(`https://${host}`, { createConnection: () => socket });
  const ended = new Promise<never>((_resolve, reject) => {
    session.once('error', reject);
    session.once('close', () => reject(new Error('the other side closed the connection')));
  });
  ended.catch(() => undefined); // Also when nobody waits for it any more.
  try {
    const { uri: id, path } = trust.verifyChain(presentedChain(socket), clock.now());
    const rttsMs: number[] = [];
    // With TLS 1.3 a client believes itself connected before its certificate was looked at: a PING that comes back says that it was accepted.
    while (rttsMs.length < pings) rttsMs.push(await Promise.race([ping(session), ended]));
    cancel();
    const served = service && (await serve(session, service, clock));
    const gateway = path.replace('/gateway/', '');
    return { kind: 'answered', address, id, gateway, rttsMs, served };
  } catch (thrown) {
    const why = messageOf(thrown);
    return isSilent
      ? { kind: 'unreachable', address, why }
      : { kind: 'refused', address, by: 'them', why };
  } finally {
    cancel();
    session.destroy();
    socket.destroy();
  }
}

function ping(session: ClientHttp2Session): Promise<number> {
  return new Promise((resolve, reject) => {
    session.ping((error, ms) => (error ? reject(error) : resolve(ms)));
  });
}

/** HEAD is safe (RFC 9110, section 9.2.1), and its answer is small. Never rejects. */
function serve(
  session: ClientHttp2Session,
  { name, authority }: NonNullable<LinkProbeOptions['service']>,
  clock: Clock,
): Promise<Served> {
  const { promise, resolve } = Promise.withResolvers<Served>();
  const failed = (why: string): void => resolve({ kind: 'failed', why });
  const cancel = clock.after(timeoutMs, () => failed(`no answer within ${timeoutMs} ms`));
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'HEAD',
    [constants.HTTP2_HEADER_SCHEME]: 'http',
    [constants.HTTP2_HEADER_AUTHORITY]: authority,
    [constants.HTTP2_HEADER_PATH]: '/',
    'user-agent': 'isthmus-verify',
    [serviceField]: name,
  });
  stream.once('error', (error) => failed(messageOf(error)));
  stream.once('close', () => failed('the connection was closed'));
  stream.once('response', (headers) => resolve(servedOf(headers)));
  stream.resume();
  return promise.finally(() => {
    cancel();
    stream.close();
  });
}

/** Policies that guard a service, at the gateway before it: it was not asked, and is there. */
const guards = new Set([401, 403, 429]);

/** An endpoint's answer names it; a gateway's own does not. */
export function servedOf(headers: Readonly<Record<string, unknown>>): Served {
  const status = Number(headers[constants.HTTP2_HEADER_STATUS]);
  if (headers[endpointField] !== undefined) return { kind: 'answered', status };
  const code = String(headers[refusedField] ?? headers[failedField] ?? status);
  if (guards.has(status)) return { kind: 'refused', code };
  const why = headers[whyField];
  return { kind: 'failed', why: why === undefined ? code : `${code}: ${why}` };
}
