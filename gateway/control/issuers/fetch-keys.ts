/** Owns getting an issuer's public keys from where they are, with bounds on size, time and way. */
import { readFile, stat } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import {
  largestKeySet,
  type PublicKey,
  publicKeys,
} from '../../../policy/authentication/json-web-keys.ts';
import type { KeySource } from '../../../policy/authentication.ts';
import { isPem } from '../../../policy/endpoint-tls.ts';

export type KeptSource = Exclude<KeySource, { readonly kind: 'inline' }>;

interface FetchedKeys {
  readonly keys: readonly PublicKey[];
  /** How long the issuer says that they hold; undefined where it says nothing. */
  readonly maxAgeMs: number | undefined;
}

const limitMs = 5_000;

/** Rejects with ISSUER_UNREACHABLE or FILE_UNREADABLE, which say nothing of the content. */
export async function fetchKeys(source: KeptSource): Promise<FetchedKeys> {
  const { kind, at } = source;
  const code = kind === 'uri' ? 'ISSUER_UNREACHABLE' : 'FILE_UNREADABLE';
  try {
    const { text, maxAgeMs } = kind === 'uri' ? await download(source) : await read(at);
    const keys = publicKeys(text);
    if (keys.length > 0) return { keys, maxAgeMs };
    throw new Error('it is no set of public keys');
  } catch (cause) {
    throw new IsthmusError(code, {
      what: `The keys of tokens can't be had from ${at}: ${messageOf(cause)}`,
      where: at,
      fix: 'Check it, and the way to it from this gateway; keys that were had before are used until they are stale.',
      cause,
    });
  }
}

interface Got {
  readonly text: string;
  readonly maxAgeMs: number | undefined;
}

/** A redirect is refused: the policy says whom to believe. */
async function download({ at, ca }: KeptSource): Promise<Got> {
  const pem = ca === undefined || isPem(ca) ? ca : await readFile(ca, 'utf8');
  const signal = AbortSignal.timeout(limitMs);
  const headers = { accept: 'application/jwk-set+json, application/json' };
  const options = { signal, headers, agent: false, ...(pem !== undefined && { ca: pem }) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const ask = at.startsWith('https:') ? getSecurely : get;
    ask(at, options, resolve).on('error', reject);
  });
  const { statusCode = 0, headers: said } = response;
  if (statusCode < 200 || statusCode > 299) {
    response.destroy();
    const isElsewhere = said.location !== undefined;
    throw new Error(`it answered ${statusCode}${isElsewhere ? ', a redirect' : ''}`);
  }
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > largestKeySet) throw new Error(`it has more than ${largestKeySet} bytes`);
    pieces.push(piece);
  }
  const control = said['cache-control'] ?? '';
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(control)?.[1];
  return {
    text: Buffer.concat(pieces).toString(),
    maxAgeMs: seconds === undefined ? undefined : Number(seconds) * 1000,
  };
}

async function read(path: string): Promise<Got> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is no regular file');
  if (found.size > largestKeySet) throw new Error(`it has more than ${largestKeySet} bytes`);
  return { text: await readFile(path, 'utf8'), maxAgeMs: undefined };
}
