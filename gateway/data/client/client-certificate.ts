/** Owns how a client's verified certificate is told to services: the value of `x-forwarded-client-cert`. */
import { createHash, type X509Certificate } from 'node:crypto';

/**
 * The certificate's fingerprint (SHA-256, hexadecimal), subject (RFC 4514) and names, in the form Envoy gave this
 * field: `Hash=...;Subject="CN=anna,O=Example";DNS=anna.example`. Printable ASCII whatever the certificate holds.
 */
export function forwardedCertificate(certificate: X509Certificate): string {
  const hash = createHash('sha256').update(certificate.raw).digest('hex');
  const parts = [`Hash=${hash}`, `Subject=${quoted(subjectOf(certificate))}`];
  for (const [kind, name] of namesOf(certificate)) parts.push(`${kind}=${wordOf(name)}`);
  return parts.join(';');
}

/** The most specific part first, as RFC 4514 writes it; Node tells it line by line in the certificate's order. */
function subjectOf({ subject }: X509Certificate): string {
  // An empty subject is told as undefined.
  return (subject ?? '').split('\n').reverse().join(',');
}

/** Names of the kinds the field has words for, as `node:crypto` lists them. */
function namesOf({ subjectAltName }: X509Certificate): (readonly [kind: string, name: string])[] {
  const names: (readonly [string, string])[] = [];
  for (const [, kind = '', text = ''] of (subjectAltName ?? '').matchAll(
    /(?:^|, )(URI|DNS):("(?:[^"\\]|\\.)*"|[^,]*)/g,
  )) {
    // Node quotes, as JSON, what could be mistaken for the next name.
    names.push([kind, text.startsWith('"') ? (JSON.parse(text) as string) : text]);
  }
  return names;
}

/** The text as it is where that is unmistakable, else in quotes. */
function wordOf(text: string): string {
  return /^[\w.:/@*~-]+$/.test(text) ? text : quoted(text);
}

/** A quoted string; what is beyond printable ASCII is in it as the `\XX` of its UTF-8 (RFC 4514 section 2.4). */
function quoted(text: string): string {
  let ascii = '';
  for (const octet of Buffer.from(text)) {
    ascii +=
      octet >= 0x20 && octet < 0x7f
        ? String.fromCharCode(octet)
        : `\\${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return `"${ascii.replace(/["\\]/g, '\\$&')}"`;
}
