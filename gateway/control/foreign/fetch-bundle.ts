/** Owns getting a SPIFFE bundle from its endpoint, which has to prove itself first, with bounds on size, time and way (SPIFFE Federation, section 5.2). */
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request as requestSecurely } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Bundle } from '../../../certs/bundle.ts';
import { presentedChain } from '../../../certs/peer-verification.ts';
import { serverTlsOf } from '../../../certs/server-trust.ts';
import { TrustStore } from '../../../certs/trust-store.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import { bundleUrlFault } from './bundle-url.ts';

/** How the endpoint proves itself. */
export type EndpointProof =
  /** By a certificate for the host of its URL. */
  | {
      readonly profile: 'https_web' /** PEM; undefined: the operating system's. */;
      readonly roots: string | undefined;
    }
  /** By an X509-SVID of that ID, vouched for by that bundle. */
  | { readonly profile: 'https_spiffe'; readonly id: string; readonly bundle: Bundle };

interface FetchOptions {
  readonly url: string;
  readonly proof: EndpointProof;
  /** Wall milliseconds, by which certificates are judged. */
  readonly now: number;
}

/** For each URL on the way. */
const limitMs = 10_000;
/** Twice what the keys take that a bundle may have. */
const mostBytes = 512 * 1024;
const mostRedirects = 3;

/** The bundle's JSON, whatever is in it. Throws BUNDLE_UNREACHABLE, or CERT_UNTRUSTED and CERT_INVALID where the endpoint is not the one that is believed. */
export async function fetchBundle({ url, proof, now }: FetchOptions): Promise<unknown> {
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const answer = await ask(at, proof, now);
    if (answer.kind === 'bundle') return answer.json;
    at = nextPlace(at, answer.location, proof, redirects);
  }
}

/** A redirect is for this once: the next look begins at the configured URL again. */
function nextPlace(
  at: string,
  location: string,
  { profile }: EndpointProof,
  redirects: number,
): string {
  if (profile === 'https_spiffe') {
    throw unreachable(
      at,
      `it redirects to ${printed(location)}, which is not followed with https_spiffe`,
    );
  }
  if (redirects >= mostRedirects)
    throw unreachable(at, `it redirects more than ${mostRedirects} times`);
  const next = URL.parse(location, at)?.href ?? '';
  const fault = bundleUrlFault(next);
  if (fault === undefined) return next;
  throw unreachable(
    at,
    `it redirects to ${printed(location)}, which can't be a bundle endpoint: ${fault}`,
  );
}

type Answer =
  | { readonly kind: 'bundle'; readonly json: unknown }
  | { readonly kind: 'elsewhere'; readonly location: string };

async function ask(url: string, proof: EndpointProof, now: number): Promise<Answer> {
  try {
    const response = await respond(url, proof, now);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return { kind: 'bundle', json: JSON.parse(await textOf(response)) };
    response.destroy();
    const isRedirect = [301, 302, 303, 307, 308].includes(statusCode);
    if (isRedirect && headers.location !== undefined) {
      return { kind: 'elsewhere', location: headers.location };
    }
    throw new Error(`it answered ${statusCode}`);
  } catch (thrown) {
    throw thrown instanceof IsthmusError ? thrown : unreachable(url, messageOf(thrown), thrown);
  }
}

/** Nothing is asked before the endpoint has proven itself. */
function respond(url: string, proof: EndpointProof, now: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { hostname } = new URL(url);
    const request = requestSecurely(url, {
      ...tlsOptions(proof, hostname),
      agent: false,
      signal: AbortSignal.timeout(limitMs),
      headers: { accept: 'application/json', 'accept-encoding': 'identity' },
    });
    request.on('error', reject);
    request.on('response', resolve);
    request.on('socket', (socket) => {
      socket.once('secureConnect', () => {
        try {
          if (proof.profile === 'https_spiffe') assertIs(socket as TLSSocket, proof, now);
          request.end();
        } catch (thrown) {
          request.destroy(thrown as Error);
        }
      });
    });
  });
}

function tlsOptions(proof: EndpointProof, hostname: string): RequestOptions {
  // Who answers is compared by its SPIFFE ID once it has shaken hands: its address says nothing.
  if (proof.profile === 'https_spiffe') return { minVersion: 'TLSv1.2', rejectUnauthorized: false };
  const { secureContext } = serverTlsOf({ roots: proof.roots, hostname });
  const verified = { secureContext, rejectUnauthorized: true };
  return verified;
}

/** Throws CERT_UNTRUSTED or CERT_INVALID. */
function assertIs(
  socket: TLSSocket,
  { id, bundle }: Extract<EndpointProof, { profile: 'https_spiffe' }>,
  now: number,
): void {
  const trust = new TrustStore();
  trust.set(bundle);
  const shown = trust.verifyChain(presentedChain(socket), now);
  if (shown.uri === id) return;
  throw new IsthmusError('CERT_UNTRUSTED', {
    what: `${shown.uri} answered, where ${id} was expected`,
    fix: 'Check `url` and `endpointSpiffeId` of `trust.foreign`.',
  });
}

/** Throws where there is too much of it, or it is no UTF-8. */
async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
    pieces.push(piece);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
}

function printed(location: string): string {
  return JSON.stringify(location.slice(0, 200));
}

function unreachable(where: string, why: string, cause?: unknown): IsthmusError {
  return new IsthmusError('BUNDLE_UNREACHABLE', {
    what: `The bundle can't be had from ${where}: ${why}`,
    cause,
  });
}
