/** Owns a cluster's certificate authority: its root key and certificate on disk, and all that the key signs. */
import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { type Bundle, defaultRefreshHintSeconds } from './bundle.ts';
import { writeDurably } from './durable-file.ts';
import { extensionsOf } from './extensions.ts';
import { type Signature, signBytes } from './signature.ts';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';
import { fingerprintOf, keyPemOf, makeLeaf, makeRoot, pemOf } from './x509.ts';

const generateKeys = promisify(generateKeyPair);
const defaultLeafLifetimeMs = 24 * 3600_000;
/** What others than the owner may do with the key file: nothing. */
const othersMask = 0o077;

export interface LeafRequest {
  /** In the authority's own trust domain. */
  readonly id: SpiffeId;
  readonly dnsNames: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Default 24 hours. */
  readonly lifetimeMs?: number;
}

/** A certificate and its private key: what one end of a connection proves itself with. */
export interface LeafIdentity {
  readonly id: SpiffeId;
  /** The leaf alone. */
  readonly certPem: string;
  /** The leaf and its root: a joiner finds the root that its token pins in the handshake. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** Wall milliseconds. */
  readonly notBefore: number;
  /** Wall milliseconds. */
  readonly notAfter: number;
}

export interface Authority {
  readonly trustDomain: TrustDomain;
  readonly rootPem: string;
  readonly root: X509Certificate;
  /** The fingerprint of the root. */
  readonly keyId: string;
  /** The trust bundle that makes others trust this authority. */
  bundle(): Bundle;
  /** Makes a key and a certificate for it. Throws CERT_INVALID for an ID of another trust domain. */
  issueLeaf(request: LeafRequest): Promise<LeafIdentity>;
  /** Signs as this cluster; see `verifySignature`. */
  sign(bytes: Uint8Array): Signature;
}

export interface AuthorityOptions {
  /** Folder of `ca.key` and `ca.crt`; made when missing, for its owner alone. */
  readonly dir: string;
  readonly trustDomain: TrustDomain;
  readonly clock: Clock;
}

/**
 * Opens the authority kept in `dir`, or founds one there. Throws KEY_UNREADABLE for a key that can't be read,
 * that others can read or that has gone; CERT_INVALID for a certificate that is not its root for this trust
 * domain; FILE_UNWRITABLE.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { dir, trustDomain, clock } = options;
  const keyPath = join(dir, 'ca.key');
  const certPath = join(dir, 'ca.crt');
  const storedCert = await readRoot(certPath);
  const key = (await readKey(keyPath)) ?? (await foundKey(dir, keyPath, storedCert !== undefined));
  // The key is written first, so one without a certificate is an interrupted founding, carried on here.
  const root = storedCert ?? (await foundRoot(certPath, trustDomain, key, clock));
  checkRoot(root, key, trustDomain, clock.now(), certPath);
  return authorityOf(root, key, trustDomain, clock);
}

function authorityOf(
  root: X509Certificate,
  key: KeyObject,
  trustDomain: TrustDomain,
  clock: Clock,
): Authority {
  const keyId = fingerprintOf(root.raw);
  const rootPem = pemOf(root.raw);
  return {
    trustDomain,
    rootPem,
    root,
    keyId,
    bundle: () => ({
      trustDomain,
      // Grows with every new root without anyone having to remember the last.
      sequence: Math.floor(root.validFromDate.getTime() / 1000),
      refreshHintSeconds: defaultRefreshHintSeconds,
      roots: [root],
    }),
    sign: (bytes) => signBytes(key, keyId, bytes),
    async issueLeaf({ id, dnsNames, ipAddresses = [], lifetimeMs = defaultLeafLifetimeMs }) {
      if (id.trustDomain !== trustDomain) {
        throw new IsthmusError('CERT_INVALID', {
          what: `The authority of ${trustDomain} can't vouch for another trust domain`,
          where: id.uri,
        });
      }
      const leafKeys = await generateKeys('ec', { namedCurve: 'P-256' });
      const now = clock.now();
      const leaf = new X509Certificate(
        makeLeaf({
          id,
          dnsNames,
          ipAddresses,
          publicKey: leafKeys.publicKey,
          root,
          rootKey: key,
          now,
          notAfter: now + lifetimeMs,
        }),
      );
      const certPem = pemOf(leaf.raw);
      return {
        id,
        certPem,
        chainPem: certPem + rootPem,
        keyPem: keyPemOf(leafKeys.privateKey),
        notBefore: leaf.validFromDate.getTime(),
        notAfter: leaf.validToDate.getTime(),
      };
    },
  };
}

async function readKey(path: string): Promise<KeyObject | undefined> {
  try {
    const file = await open(path);
    try {
      const { mode } = await file.stat();
      if (process.platform !== 'win32' && (mode & othersMask) !== 0) {
        throw new IsthmusError('KEY_UNREADABLE', {
          what: `The private key is open to others (mode ${(mode & 0o777).toString(8)}), so it is not used`,
          where: path,
          fix: `If nobody can have read it: chmod 600 ${path}`,
        });
      }
      return parseKey(await file.readFile('utf8'));
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    if (cause instanceof IsthmusError) throw cause;
    throw new IsthmusError('KEY_UNREADABLE', {
      what: `Cannot read the private key: ${messageOf(cause)}`,
      where: path,
      cause,
    });
  }
}

function parseKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not a P-256 key');
  return key;
}

async function readRoot(path: string): Promise<X509Certificate | undefined> {
  try {
    return new X509Certificate(await readFile(path));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new IsthmusError('CERT_INVALID', {
      what: `Cannot read the root certificate: ${messageOf(cause)}`,
      where: path,
      cause,
    });
  }
}

async function foundKey(dir: string, path: string, hasRoot: boolean): Promise<KeyObject> {
  if (hasRoot) {
    throw new IsthmusError('KEY_UNREADABLE', {
      what: 'There is a root certificate but its private key has gone',
      where: path,
      fix: 'Restore the key from a backup. A new one would make a cluster that no other trusts.',
    });
  }
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new IsthmusError('FILE_UNWRITABLE', {
      what: `Cannot make the folder: ${messageOf(cause)}`,
      where: dir,
      cause,
    });
  }
  const { privateKey } = await generateKeys('ec', { namedCurve: 'P-256' });
  await writeDurably(path, keyPemOf(privateKey), 0o600);
  return privateKey;
}

async function foundRoot(
  path: string,
  trustDomain: TrustDomain,
  key: KeyObject,
  clock: Clock,
): Promise<X509Certificate> {
  const root = new X509Certificate(makeRoot({ trustDomain, key, now: clock.now() }));
  await writeDurably(path, pemOf(root.raw), 0o644);
  return root;
}

function checkRoot(
  root: X509Certificate,
  key: KeyObject,
  trustDomain: TrustDomain,
  now: number,
  path: string,
): void {
  const why = objectionToRoot(root, key, trustDomain, now);
  if (why === undefined) return;
  throw new IsthmusError('CERT_INVALID', {
    what: `The root certificate ${why}`,
    where: path,
    fix: 'Restore ca.crt and ca.key as they were, from the same backup.',
  });
}

function objectionToRoot(
  root: X509Certificate,
  key: KeyObject,
  trustDomain: TrustDomain,
  now: number,
): string | undefined {
  if (!root.checkPrivateKey(key)) return 'is not that of the private key beside it';
  const { ca, keyCertSign, uris } = extensionsOf(root);
  if (!ca || !keyCertSign) return 'is not that of a certificate authority';
  if (uris.length !== 1 || uris[0] !== `spiffe://${trustDomain}`) {
    return `is for ${uris.join(', ') || 'no trust domain'}, not for spiffe://${trustDomain}`;
  }
  if (now > root.validToDate.getTime()) return `expired at ${root.validToDate.toISOString()}`;
  return undefined;
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
