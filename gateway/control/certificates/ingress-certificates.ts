/** Owns the certificates of the ingress: opened with the gateway, and renewed when their files change. */
import { resolve } from 'node:path';
import {
  parseCertificates,
  readServerCertificate,
  type ServerCertificate,
} from '../../../certs/server-certificate.ts';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import type { Credentials, IngressCredentials } from '../../data/listen/credentials.ts';
import { isHostPattern } from '../../data/request/route/host-pattern.ts';
import type { CertificateConfig, IngressConfig } from '../config/edge.ts';
import { KeptValue } from './kept-value.ts';

/** How often the files are looked at. Secrets mounted into containers change by a link, which no watch tells of everywhere. */
const lookEveryMs = 5_000;

interface IngressCertificatesOptions {
  readonly ingress: readonly IngressConfig[];
  /** Absolute folder that relative paths are relative to. */
  readonly baseDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** One certificate as `isthmus check` shows it. */
export interface CertificateState {
  /** `ingress.0.certificates.1 (certs/www.pem)` */
  readonly where: string;
  /** Wall milliseconds; of several the earliest. */
  readonly notAfter: number;
  /** Why what is on disk now is not used. */
  readonly problem: IsthmusError | undefined;
}

interface Authorities {
  readonly pem: string;
  /** Wall milliseconds, of the one that ends first. */
  readonly notAfter: number;
}

interface Place {
  readonly certificates: readonly KeptValue<Credentials & { readonly isDefault: boolean }>[];
  readonly clientCa: KeptValue<Authorities> | undefined;
}

export class IngressCertificates {
  readonly #clock: Clock;
  readonly #log: Log;
  #places: readonly Place[];
  readonly #subscribers = new Subscribers<[current: readonly IngressCredentials[]]>();
  #cancelLook: (() => void) | undefined;
  #looking: Promise<void> | undefined;

  private constructor({ clock, log }: IngressCertificatesOptions, places: readonly Place[]) {
    this.#clock = clock;
    this.#log = log;
    this.#places = places;
    for (const kept of this.#all()) this.#warnOfExpiry(kept);
    this.#lookLater();
  }

  /** Reads all of them. Throws FILE_UNREADABLE, CERT_INVALID or KEY_UNREADABLE, saying which; of one that has expired it only warns. */
  static async open(options: IngressCertificatesOptions): Promise<IngressCertificates> {
    const places = options.ingress.map((item, i) => openPlace(item, i, options.baseDir));
    return new IngressCertificates(options, await Promise.all(places));
  }

  /** The credentials of each ingress, in the order of the configuration. */
  get current(): readonly IngressCredentials[] {
    return credentialsAt(this.#places);
  }

  /** Is about these ingresses from now on, opened before; nobody is told. */
  become(opened: IngressCertificates): void {
    opened.stop();
    this.#places = opened.#places;
  }

  get states(): readonly CertificateState[] {
    return this.#all().map(({ where, value, problem }) => ({
      where,
      notAfter: value.notAfter,
      problem,
    }));
  }

  /** Calls `subscriber` with all of them whenever any was replaced; returns a function that stops that. */
  onChange(subscriber: (current: readonly IngressCredentials[]) => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Looks at the files now, and reads those that changed. Never rejects: what can't be used is logged, and the last good one kept. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  stop(): void {
    this.#cancelLook?.();
    this.#subscribers.clear();
  }

  #all(): readonly KeptValue<{ readonly notAfter: number }>[] {
    return this.#places.flatMap(({ certificates, clientCa }) => [
      ...certificates,
      ...(clientCa === undefined ? [] : [clientCa]),
    ]);
  }

  #lookLater(): void {
    this.#cancelLook = this.#clock.after(lookEveryMs, () => {
      this.#lookLater();
      void this.look();
    });
  }

  async #lookOnce(): Promise<void> {
    let isReplaced = false;
    for (const kept of this.#all()) {
      const seen = await kept.look();
      if (seen === 'unusable') {
        this.#log.error({ err: kept.problem }, 'certificate not usable; the last good one stays');
      } else if (seen === 'replaced') {
        isReplaced = true;
        const notAfter = new Date(kept.value.notAfter).toISOString();
        this.#log.info({ where: kept.where, notAfter }, 'certificate replaced');
        this.#warnOfExpiry(kept);
      }
    }
    if (!isReplaced) return;
    const { current } = this;
    this.#subscribers.tell(current);
  }

  #warnOfExpiry({ where, value }: KeptValue<{ readonly notAfter: number }>): void {
    if (value.notAfter > this.#clock.now()) return;
    const notAfter = new Date(value.notAfter).toISOString();
    this.#log.warn({ where, notAfter }, 'certificate has expired');
  }
}

function credentialsAt(places: readonly Place[]): IngressCredentials[] {
  return places.map(({ certificates, clientCa }) => ({
    certificates: certificates.map(({ value }) => value),
    clientCa: clientCa?.value.pem,
  }));
}

async function openPlace(item: IngressConfig, index: number, baseDir: string): Promise<Place> {
  const certificates = item.certificates.map((config, j) => {
    const { cert, key } = config;
    return KeptValue.open({
      where: `ingress.${index}.certificates.${j} (${cert})`,
      paths: [resolve(baseDir, cert), resolve(baseDir, key)],
      make: (chain = '', keyPem = '') =>
        credentialsOf(readServerCertificate(chain, keyPem), config),
    });
  });
  const ca = item.clientCertificates?.ca;
  const clientCa =
    ca === undefined
      ? undefined
      : KeptValue.open({
          where: `ingress.${index}.clientCertificates.ca (${ca})`,
          paths: [resolve(baseDir, ca)],
          make: authoritiesOf,
        });
  const place = { certificates: await Promise.all(certificates), clientCa: await clientCa };
  refuseSharedNames(place.certificates);
  return place;
}

/** Throws CERT_INVALID where two certificates are for one name: only one of them could ever be shown. */
function refuseSharedNames(certificates: Place['certificates']): void {
  const holders = new Map<string, string>();
  for (const { where, value } of certificates) {
    for (const host of value.hosts) {
      const other = holders.get(host);
      if (other !== undefined) {
        throw new IsthmusError('CERT_INVALID', {
          what: `Two certificates are for ${host}: ${other}, and this one`,
          where,
          fix: 'Name under `hosts` which of them is for which name; one certificate is shown for each, whatever the client offers.',
        });
      }
      holders.set(host, where);
    }
  }
}

/** Throws CERT_INVALID where nobody could ask for it: it has no names, and none were given it. */
function credentialsOf(certificate: ServerCertificate, config: CertificateConfig) {
  const hosts = config.hosts ?? certificate.dnsNames.filter(isHostPattern);
  if (hosts.length === 0) {
    throw new IsthmusError('CERT_INVALID', {
      what: 'The certificate has no DNS names',
      fix: 'Say under `hosts` which server names it is for.',
    });
  }
  const { chainPem, keyPem, notAfter } = certificate;
  return { hosts, chainPem, keyPem, notAfter, isDefault: config.default };
}

function authoritiesOf(pem = ''): Authorities {
  const certificates = parseCertificates(pem);
  if (certificates.length === 0) {
    throw new IsthmusError('CERT_INVALID', { what: 'There is no certificate' });
  }
  const ends = certificates.map((certificate) => certificate.validToDate.getTime());
  return { pem, notAfter: Math.min(...ends) };
}
