/** Owns TLS of the admin API's own listener: its certificate, the names in it, and whose client certificates it looks at. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls';
import { vouchesForClient } from '../../../../certs/client-chain.ts';
import { hardenedTls } from '../../../../certs/hardened-tls.ts';
import { IsthmusError, messageOf } from '../../../../core/errors.ts';
import type { AdminConfig } from '../../config/admin.ts';
import { WatchedFile } from './watched-file.ts';

/** A PEM file, and the first certificate in it. */
interface Pem {
  readonly text: string;
  readonly first: X509Certificate;
}

export class ListenerTls {
  readonly files: readonly WatchedFile<unknown>[];
  readonly #cert: WatchedFile<Pem>;
  readonly #key: WatchedFile<string>;
  readonly #clientCa: WatchedFile<Pem> | undefined;

  private constructor(
    cert: WatchedFile<Pem>,
    key: WatchedFile<string>,
    clientCa: WatchedFile<Pem> | undefined,
  ) {
    this.#cert = cert;
    this.#key = key;
    this.#clientCa = clientCa;
    this.files = [cert, key, ...(clientCa ? [clientCa] : [])];
  }

  /** Throws FILE_UNREADABLE or CERT_INVALID. */
  static async open(
    { cert, key, clientCa }: NonNullable<AdminConfig['tls']>,
    pathOf: (path: string) => string,
  ): Promise<ListenerTls> {
    return new ListenerTls(
      await WatchedFile.open(pathOf(cert), parsePem),
      await WatchedFile.open(pathOf(key), (text) => text),
      clientCa === undefined ? undefined : await WatchedFile.open(pathOf(clientCa), parsePem),
    );
  }

  /** There are no session tickets: a session resumed from one outlives the authority that let it in. */
  get options(): TlsOptions & SecureContextOptions {
    const clientCa = this.#clientCa?.value.text;
    return {
      cert: this.#cert.value.text,
      key: this.#key.value,
      minVersion: 'TLSv1.2',
      ...hardenedTls,
      // A client that shows no certificate may still have a token: the gate decides.
      ...(clientCa && { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
    };
  }

  /** Whether a client's certificate is by the authority of clients, which may be under another one. */
  vouchesFor(socket: TLSSocket, now: number): boolean {
    if (socket.authorized) return true;
    const [authority, leaf] = [this.#clientCa?.value.first, socket.getPeerX509Certificate()];
    return !!authority && !!leaf && vouchesForClient(authority, leaf, now);
  }

  /** Whether the certificate is for a host name or address. */
  isNamed(host: string): boolean {
    const { first } = this.#cert.value;
    return (isIP(host) === 0 ? first.checkHost(host) : first.checkIP(host)) !== undefined;
  }
}

function parsePem(text: string, path: string): Pem {
  try {
    return { text, first: new X509Certificate(text) };
  } catch (cause) {
    throw new IsthmusError('CERT_INVALID', { what: messageOf(cause), where: path, cause });
  }
}
