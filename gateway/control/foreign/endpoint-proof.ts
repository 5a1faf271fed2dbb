/** Owns by what this gateway's bundle endpoint proves itself: files of the Web PKI, or an SVID that all gateways of the cluster have alike. */
import { resolve } from 'node:path';
import type { ChangingAuthority, Credentials } from '../../../certs/authority.ts';
import { LeafRotation } from '../../../certs/rotation.ts';
import { readServerCertificate } from '../../../certs/server-certificate.ts';
import { parseSpiffeId, type SpiffeId, type TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { CertificateState } from '../certificates/ingress-certificates.ts';
import { KeptValue } from '../certificates/kept-value.ts';
import type { BundleEndpointConfig } from '../config/trust.ts';

export interface EndpointCredentials {
  readonly current: Credentials;
  /** As `isthmus check` shows it; undefined for the SVID, which is renewed here. */
  readonly state: CertificateState | undefined;
  stop(): void;
}

interface OpenOptions {
  readonly authority: ChangingAuthority;
  readonly baseDir: string;
  /** Other credentials are to be shown from now on. */
  changed(): void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How often the files are looked at. */
const lookEveryMs = 5_000;

/** The SPIFFE ID that others expect at the endpoint with `https_spiffe`. */
function endpointId(trustDomain: TrustDomain): SpiffeId {
  return parseSpiffeId(`spiffe://${trustDomain}/bundle-endpoint`);
}

/** Throws FILE_UNREADABLE, CERT_INVALID or KEY_UNREADABLE. */
export function openCredentials(
  { profile, cert, key }: BundleEndpointConfig,
  options: OpenOptions,
): Promise<EndpointCredentials> {
  return profile === 'https_web' && cert !== undefined && key !== undefined
    ? openFiles(cert, key, options)
    : issueOwn(options);
}

async function openFiles(
  cert: string,
  key: string,
  { baseDir, changed, clock, log }: OpenOptions,
): Promise<EndpointCredentials> {
  const kept = await KeptValue.open({
    where: `trust.bundleEndpoint.cert (${cert})`,
    paths: [resolve(baseDir, cert), resolve(baseDir, key)],
    make: (chain = '', keyPem = '') => readServerCertificate(chain, keyPem),
  });
  let cancel = (): void => {};
  const lookLater = (): void => {
    cancel = clock.after(lookEveryMs, () => {
      lookLater();
      void kept.look().then((seen) => {
        if (seen === 'replaced') changed();
        else if (seen === 'unusable')
          log.error(
            { err: kept.problem },
            'the certificate of the bundle endpoint is not usable; the last good one stays',
          );
      });
    });
  };
  lookLater();
  return {
    get current() {
      return kept.value;
    },
    get state() {
      return { where: kept.where, notAfter: kept.value.notAfter, problem: kept.problem };
    },
    stop: () => cancel(),
  };
}

/** Where several gateways answer at one address, others still know one ID. */
async function issueOwn({
  authority,
  changed,
  clock,
  random,
  log,
}: OpenOptions): Promise<EndpointCredentials> {
  const id = endpointId(authority.trustDomain);
  const leaf = new LeafRotation({
    ...{ authority, clock, random },
    request: { id, dnsNames: [] },
    onFailure: (err, retryInMs) =>
      log.error({ err, retryInMs }, 'the certificate of the bundle endpoint could not be renewed'),
  });
  await leaf.start();
  leaf.onRenew(changed);
  const stopFollowing = authority.onChange(() => {
    if (leaf.current.root !== authority.keyId) void leaf.renew();
  });
  return {
    get current() {
      return leaf.current;
    },
    state: undefined,
    stop() {
      stopFollowing();
      leaf.stop();
    },
  };
}
