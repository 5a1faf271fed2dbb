/** Owns reading private keys that others made: PEM as Node.js reads it, and what is encrypted as it was long ago. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { asn1, pki } from 'node-forge';
import { IsthmusError } from '../core/errors.ts';

/**
 * The private key in a PEM text, decrypted by `password` where it is encrypted. Throws KEY_PASSWORD_WRONG, or KEY_UNREADABLE; neither says
 * anything of what is in there.
 */
export async function readPrivateKey(
  pem: string,
  password: string | undefined,
): Promise<KeyObject> {
  const block = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/.exec(pem);
  if (block === null) throw unreadable('There is no private key in PEM');
  const [text, kind] = block;
  const isEncrypted = kind === 'ENCRYPTED ' || text.includes('Proc-Type: 4,ENCRYPTED');
  if (!isEncrypted) return plainKey(text);
  if (password === undefined) {
    throw new IsthmusError('KEY_PASSWORD_WRONG', { what: 'The private key is encrypted' });
  }
  try {
    return createPrivateKey({ key: text, passphrase: password });
  } catch (thrown) {
    const isOld = (thrown as NodeJS.ErrnoException).code === 'ERR_OSSL_EVP_UNSUPPORTED';
    const key = isOld ? await oldKey(text, kind === 'ENCRYPTED ', password) : undefined;
    if (key !== undefined) return key;
    const what = 'The password does not open the private key';
    throw new IsthmusError('KEY_PASSWORD_WRONG', { what });
  }
}

/** The library's own words are left out of all errors, lest they quote what was there. */
function plainKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw unreadable('The private key can not be read');
  }
}

/** Node.js knows neither RC2 nor single DES any more, by which older tools encrypted. Undefined where the password is wrong. */
async function oldKey(
  pem: string,
  isPkcs8: boolean,
  password: string,
): Promise<KeyObject | undefined> {
  const { default: forge } = await import('node-forge');
  const { asn1, pki } = forge;
  let plain: asn1.Asn1 | null;
  try {
    if (isPkcs8) plain = pki.decryptPrivateKeyInfo(pki.encryptedPrivateKeyFromPem(pem), password);
    else {
      const key = pki.decryptRsaPrivateKey(pem, password) as pki.rsa.PrivateKey | null;
      plain = key && pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(key));
    }
  } catch (thrown) {
    if (!/unsupported|OID is not RSA/i.test(String(thrown))) return undefined;
    throw unreadable('The private key is encrypted in a way that is not known here');
  }
  if (plain === null) return undefined;
  const der = Buffer.from(asn1.toDer(plain).getBytes(), 'binary');
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined; // A wrong password, by one chance in 256, looks like a right one until here.
  }
}

function unreadable(what: string): IsthmusError {
  return new IsthmusError('KEY_UNREADABLE', {
    what,
    fix: 'Give it in PEM: PKCS#8, or the older forms for RSA and EC; `openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW` writes the first.',
  });
}
