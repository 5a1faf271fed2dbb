/** Owns certificates by which persons are known to the admin API: by the cluster's authority, for clients only. */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Authority } from '../../../../certs/authority.ts';
import { parseSpiffeId } from '../../../../certs/spiffe-id.ts';
import { IsthmusError } from '../../../../core/errors.ts';

const dayMs = 24 * 3600_000;

interface Asked {
  readonly name: string;
  /** PEM. */
  readonly publicKey: string;
  readonly days: number;
}

/** What it may do is for the configuration to say, by its SPIFFE ID. Throws BODY_INVALID for a key of another kind, or CERT_INVALID. */
export function certifyOperator(
  authority: Pick<Authority, 'trustDomain' | 'certifyClient'>,
  { name, publicKey, days }: Asked,
) {
  const id = parseSpiffeId(`spiffe://${authority.trustDomain}/operator/${name}`);
  const lifetimeMs = days * dayMs;
  const chain = authority.certifyClient({ id, publicKey: keyOf(publicKey), lifetimeMs });
  return { id: id.uri, chain, notAfter: new X509Certificate(chain).validToDate.getTime() };
}

function keyOf(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    // A private key would be taken here, too: whoever sends one has sent too much already.
    if (pem.includes('-----BEGIN PUBLIC KEY-----')) key = createPublicKey(pem);
  } catch {
    // Said below.
  }
  if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new IsthmusError('BODY_INVALID', { what: 'publicKey: no public key on P-256 in PEM' });
}
