/** Owns who the plugin is to the Terraform that started it: a key and a certificate of its own, as long as the process. */
import { generateKeyPairSync } from 'node:crypto';
import { ServerCredentials } from '@grpc/grpc-js';
import { keyPemOf, makeSelfSigned, pemOf } from '../../certs/x509.ts';
import type { Invitation } from './handshake.ts';

interface Identity {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly credentials: ServerCredentials;
}

export function makeIdentity({ clientCertificate }: Invitation): Identity {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = makeSelfSigned({ dnsName: 'localhost', key, now: Date.now() });
  const own = {
    private_key: Buffer.from(keyPemOf(key)),
    cert_chain: Buffer.from(pemOf(certificate)),
  };
  const credentials = ServerCredentials.createSsl(Buffer.from(clientCertificate), [own], true);
  return { certificate, credentials };
}
