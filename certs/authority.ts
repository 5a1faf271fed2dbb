/** Owns a cluster's certificate authority: who it is, and all that its key signs. */
import { createHmac, generateKeyPair, hkdfSync, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import { openRoot } from './authority-files.ts';
import type { Bundle } from './bundle.ts';
import { defaultRefreshHintSeconds } from './refresh-hint.ts';
import { type Signature, signBytes } from './signature.ts';
import type { SpiffeId, TrustDomain } from './spiffe-id.ts';
import { fingerprintOf, keyPemOf, makeLeaf, pemOf } from './x509.ts';

const generateKeys = promisify(generateKeyPair);
const defaultLeafLifetimeMs = 24 * 3600_000;

export interface LeafRequest {
  /** In the authority's own trust domain. */
  readonly id: SpiffeId;
  readonly dnsNames: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Default 24 hours. */
  readonly lifetimeMs?: number;
  /** Wall milliseconds from which it lives; default now. In the past, to rehearse what becomes of one that has expired. */
  readonly from?: number;
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
  /** Makes a key and a certificate for it. Throws CERT_INVALID for an ID of another trust domain, or once the root has expired. */
  issueLeaf(request: LeafRequest): Promise<LeafIdentity>;
  /** Signs as this cluster; see `verifySignature`. */
  sign(bytes: Uint8Array): Signature;
  /**
   * Proves to those who have this authority's key, and to nobody else: an HMAC, base64url. The same bytes have the same
   * seal, and it costs a tenth of a signature.
   */
  seal(bytes: Uint8Array): string;
}

interface AuthorityOptions {
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
  const { root, key } = await openRoot(dir, trustDomain, clock.now());
  const keyId = fingerprintOf(root.raw);
  const rootPem = pemOf(root.raw);
  const secret = key.export({ type: 'pkcs8', format: 'der' });
  const sealKey = Buffer.from(hkdfSync('sha256', secret, '', 'isthmus seal v1', 32));
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
    seal: (bytes) => createHmac('sha256', sealKey).update(bytes).digest('base64url'),
    async issueLeaf(request) {
      const { id, dnsNames, ipAddresses = [], lifetimeMs = defaultLeafLifetimeMs } = request;
      if (id.trustDomain !== trustDomain) {
        throw new IsthmusError('CERT_INVALID', {
          what: `The authority of ${trustDomain} can't vouch for another trust domain`,
          where: id.uri,
        });
      }
      const leafKeys = await generateKeys('ec', { namedCurve: 'P-256' });
      const now = clock.now();
      if (now > root.validToDate.getTime()) {
        throw new IsthmusError('CERT_INVALID', {
          what: `The root of ${trustDomain} expired at ${root.validToDate.toISOString()}`,
        });
      }
      const leaf = new X509Certificate(
        makeLeaf({
          id,
          dnsNames,
          ipAddresses,
          publicKey: leafKeys.publicKey,
          root,
          rootKey: key,
          now: request.from ?? now,
          notAfter: (request.from ?? now) + lifetimeMs,
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
