/** Owns certificates that others made, for clients from outside: what is in a pair of PEM files, and that it belongs together. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { extensionsOf } from './extensions.ts';

export interface ServerCertificate {
  /** The certificate, then whatever else of its chain the file has. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** DNS names it is for, in lower case; wildcards as `*.example.com`. */
  readonly dnsNames: readonly string[];
  /** Wall milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * Reads a certificate and its private key; whether it has expired is the caller's to judge. Throws CERT_INVALID where it is
 * none, or not that of the key, and KEY_UNREADABLE; neither says anything of the key's content.
 */
export function readServerCertificate(chainPem: string, keyPem: string): ServerCertificate {
  const [leaf] = parseCertificates(chainPem);
  if (leaf === undefined)
    throw new IsthmusError('CERT_INVALID', { what: 'There is no certificate' });
  const key = parseKey(keyPem);
  if (!leaf.checkPrivateKey(key)) {
    throw new IsthmusError('CERT_INVALID', {
      what: 'The certificate is not that of the private key beside it',
      fix: 'The first certificate of the file must be that of the key; those of its authorities follow.',
    });
  }
  return {
    chainPem,
    keyPem,
    dnsNames: extensionsOf(leaf).dnsNames.map((name) => name.toLowerCase()),
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
  };
}

/** All certificates of a PEM file, in their order; empty when it has none. Throws CERT_INVALID. */
export function parseCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new IsthmusError('CERT_INVALID', {
        what: `Certificate ${i + 1} of the file can't be read: ${messageOf(cause)}`,
        cause,
      });
    }
  });
}

function parseKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The library's own words are left out, lest they quote what was there.
    throw new IsthmusError('KEY_UNREADABLE', {
      what: 'There is no private key in PEM that can be read',
      fix: 'Give an unencrypted private key in PEM: PKCS#8, or the older forms for RSA and EC.',
    });
  }
}
