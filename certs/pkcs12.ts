/** Owns reading PKCS#12 (RFC 7292), old and new, which Node.js takes for TLS alone: the key in it, and the certificates. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { asn1, pkcs12, pki } from 'node-forge';
import { IsthmusError } from '../core/errors.ts';

interface Pkcs12 {
  readonly key: KeyObject;
  /** In the order in which the file has them, which means nothing. */
  readonly certificates: readonly X509Certificate[];
}

/** Throws KEY_PASSWORD_WRONG, KEY_UNREADABLE where there is not exactly one key, or CERT_INVALID. */
export async function readPkcs12(der: Uint8Array, password: string): Promise<Pkcs12> {
  const { default: forge } = await import('node-forge');
  const { asn1, pki, pkcs12 } = forge;
  const derOf = (value: asn1.Asn1): Buffer => Buffer.from(asn1.toDer(value).getBytes(), 'binary');

  let tree: asn1.Asn1;
  try {
    tree = asn1.fromDer(Buffer.from(der).toString('binary'));
  } catch {
    throw new IsthmusError('CERT_INVALID', { what: 'The file is neither PEM nor PKCS#12' });
  }
  let file: pkcs12.Pkcs12Pfx;
  try {
    file = opened(tree);
  } catch (thrown) {
    // The library's own words are left out, lest they quote what was there.
    const isPassword = /password|decrypt/i.test(String(thrown));
    throw isPassword
      ? new IsthmusError('KEY_PASSWORD_WRONG', { what: 'The password does not open the file' })
      : new IsthmusError('CERT_INVALID', { what: 'The PKCS#12 file can not be read' });
  }
  const bags = file.safeContents.flatMap(({ safeBags }) => safeBags);
  const { keyBag, pkcs8ShroudedKeyBag, certBag } = pki.oids;
  const keys = bags.filter(({ type }) => type === keyBag || type === pkcs8ShroudedKeyBag);
  const [only] = keys;
  if (only === undefined || keys.length > 1) {
    throw new IsthmusError('KEY_UNREADABLE', {
      what: `The PKCS#12 file has ${keys.length} private keys, where one is the rule`,
    });
  }
  return {
    key: keyOf(derOf(only.key ? pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(only.key)) : only.asn1)),
    certificates: bags
      .filter(({ type }) => type === certBag)
      // A certificate that the library can't read, for its key is not RSA, it leaves as it is.
      .map(({ cert, asn1: raw }) => certificateOf(cert ? asWritten(cert) : derOf(raw))),
  };

  /** The seal over the file takes the password in UTF-16, and so did all encryption once; today's takes UTF-8 (RFC 8018), which the library does not know. */
  function opened(sealed: asn1.Asn1): pkcs12.Pkcs12Pfx {
    try {
      return pkcs12.pkcs12FromAsn1(sealed, false, password);
    } catch (thrown) {
      const utf8 = Buffer.from(password, 'utf8').toString('binary');
      if (utf8 === password || String(thrown).includes('MAC')) throw thrown;
      // The seal is good: it was looked at first. It is the last part of the file.
      const parts = (sealed.value as asn1.Asn1[]).slice(0, 2);
      return pkcs12.pkcs12FromAsn1({ ...sealed, value: parts }, false, utf8);
    }
  }

  /** What the library itself makes of a certificate that it has read is another one where that is signed by ECDSA. */
  function asWritten({ tbsCertificate, signature }: pki.Certificate): Buffer {
    const signed: asn1.Asn1 = tbsCertificate;
    // Version, serial number, and the algorithm: the same in and outside of what is signed (RFC 5280, section 4.1.1.2).
    const algorithm = (signed.value as asn1.Asn1[])[2];
    const { Class, Type } = asn1;
    const bits = asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, `\0${signature}`);
    const parts = [signed, ...(algorithm ? [algorithm] : []), bits];
    return derOf(asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts));
  }
}

function keyOf(der: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    throw new IsthmusError('KEY_UNREADABLE', {
      what: 'The private key in the PKCS#12 file can not be read',
    });
  }
}

function certificateOf(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new IsthmusError('CERT_INVALID', {
      what: 'A certificate in the PKCS#12 file can not be read',
      cause,
    });
  }
}
