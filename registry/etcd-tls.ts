/** Owns how the registry is trusted, and how this side proves itself to it. */
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { IsthmusError } from '../core/errors.ts';

/** How to trust the registry and how to prove who we are. All PEM. */
export interface RegistryTls {
  /** Roots that vouch for the registry. */
  readonly ca: string;
  /** Our chain, leaf first, and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** Name to expect in the registry's certificate; default the endpoint's host. */
  readonly serverName?: string;
  /** Replaces the check of the name, for certificates that carry a SPIFFE ID instead; returns what is wrong. */
  readonly checkServerIdentity?: (host: string, cert: PeerCertificate) => Error | undefined;
}

/** Undefined for endpoints in clear text. Throws CONFIG_INVALID where they are of both kinds, CERT_INVALID for PEM that is no good. */
export function secureContextOf(
  endpoints: readonly string[],
  tls: RegistryTls | undefined,
): SecureContext | undefined {
  const secure = endpoints.filter((e) => e.startsWith('https:')).length;
  if (secure === 0) return undefined;
  if (secure < endpoints.length) {
    throw new IsthmusError('CONFIG_INVALID', {
      what: 'Registry endpoints mix http:// and https://',
      where: endpoints.join(', '),
    });
  }
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(tls === undefined ? {} : { ca: tls.ca }),
      // What is named vouches, also where an enterprise's root, which is not named, is above it: as etcd itself has it.
      allowPartialTrustChain: true,
      ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    });
  } catch (cause) {
    throw new IsthmusError('CERT_INVALID', {
      what: 'The certificates for the registry cannot be used',
      cause,
    });
  }
}

/** Credentials for a server that is expected by the name `expected`. */
export function credentialsFor(
  expected: string,
  context: SecureContext | undefined,
  tls: RegistryTls | undefined,
): grpc.ChannelCredentials {
  if (context === undefined) return grpc.credentials.createInsecure();
  const check = tls?.checkServerIdentity ?? checkServerIdentity;
  return grpc.credentials.createFromSecureContext(context, {
    checkServerIdentity: (_sent, cert) => check(expected, cert),
  });
}
