/** Owns TLS to the endpoints of a service, as it is asked for: after the Gateway API's BackendTLSPolicy. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { isHost } from '../core/uri-authority.ts';

/** The authorities that the operating system trusts. */
export const systemAuthorities = 'system';

const mostPem = 65_536;
const begin = '-----BEGIN CERTIFICATE-----';

/** Whether certificates are written where they could have been named. */
export function isPem(text: string): boolean {
  return text.includes(begin);
}

function isReadablePem(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block)).length > 0;
  } catch {
    return false;
  }
}

const filePath = z
  .string()
  .max(4096)
  .refine((text) => isAbsolute(text) && !text.includes('\0'), 'use an absolute path');

const dnsName = z
  .string()
  .max(253)
  .refine((text) => isHost(text) && isIP(text) === 0 && !text.includes(':'), 'use a DNS name');

const uri = /^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/;

/** By default the system's authorities. */
export const caCertificatesSchema = z
  .string()
  .max(mostPem)
  .refine(
    (text) => text === systemAuthorities || isPem(text) || isAbsolute(text),
    'use `system`, certificates in PEM, or the absolute path of a PEM file',
  )
  .refine(
    (text) => !isPem(text) || isReadablePem(text),
    'not all of it can be read as certificates in PEM',
  )
  .default(systemAuthorities);

export const endpointTlsSchema = z.strictObject({
  caCertificates: caCertificatesSchema.describe(
    'Authorities of which one must have signed the certificate of an endpoint: `system`, the ones that the operating system of the gateway trusts; certificates in PEM; or the absolute path of a PEM file on each gateway, which is read again when it changes',
  ),
  hostname: dnsName.describe(
    'Server name that is asked for (SNI), and that the certificate must be for where subjectAltNames says nothing else',
  ),
  subjectAltNames: z
    .array(
      z
        .string()
        .max(2048)
        .refine(
          (text) => uri.test(text) || dnsName.safeParse(text).success,
          'use a DNS name, or a URI such as spiffe://shop.internal/orders',
        ),
    )
    .min(1)
    .max(16)
    .optional()
    .describe(
      'DNS names and URIs, of which the certificate must have one; in place of hostname, which is then only asked for',
    ),
  clientCertificate: z
    .strictObject({
      certFile: filePath.describe(
        'PEM file on each gateway: the certificate, then the rest of its chain',
      ),
      keyFile: filePath.describe('PEM file on each gateway: its private key, unencrypted'),
    })
    .optional()
    .describe(
      'Certificate that endpoints are shown; its files are read again when they change. Default: none',
    ),
});

export type EndpointTls = z.output<typeof endpointTlsSchema>;
