/** Owns whom to trust at the endpoints of services that are spoken to over TLS: as the policies say, with files read when they change. */
import { isDeepStrictEqual } from 'node:util';
import { parseCertificates, readServerCertificate } from '../../../certs/server-certificate.ts';
import { type ServerTls, type ServerTrust, serverTlsOf } from '../../../certs/server-trust.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ServiceName } from '../../../core/names.ts';
import { type EndpointTls, isPem, systemAuthorities } from '../../../policy/endpoint-tls.ts';
import type { EndpointTrust, EndpointTrustChange } from '../../data/upstream/secure-transports.ts';
import { KeptValue } from './kept-value.ts';

/** How often the files are looked at. */
const lookEveryMs = 5_000;

interface EndpointTrustsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Others are trusted at a service's endpoints, or none are needed any more. */
  changed(service: ServiceName): void;
}

/** The TLS of one service's endpoints for those who connect on the control side, or why there is none. */
export type ProbeTls = ServerTls | { readonly unusable: string };

interface Entry {
  readonly spec: EndpointTls;
  trust: EndpointTrust;
  /** Absent where nothing is read, or nothing could be yet. */
  kept?: KeptValue<ServerTrust>;
  /** Why it can't be made, or why the files as they are now are not used. */
  problem?: IsthmusError;
  /** Made when it is asked for. */
  tls?: ProbeTls;
}

export class EndpointTrusts {
  readonly #options: EndpointTrustsOptions;
  readonly #entries = new Map<ServiceName, Entry>();
  readonly #reading = new Set<Promise<void>>();
  #cancelLook = (): void => {};
  #looking: Promise<void> | undefined;

  constructor(options: EndpointTrustsOptions) {
    this.#options = options;
    this.#lookLater();
  }

  /** Goes by what is asked for from now on; undefined: clear text. What was trusted before stays so while other files are read. */
  want(service: ServiceName, spec: EndpointTls | undefined): void {
    const before = this.#entries.get(service);
    if (isDeepStrictEqual(before?.spec, spec)) return;
    if (spec === undefined) this.#entries.delete(service);
    else {
      const reads = pathsOf(spec).length > 0;
      const waiting = before?.trust ?? { kind: 'unusable', why: 'its files were not read yet' };
      const trust: EndpointTrust = reads ? waiting : { kind: 'trust', ...trustOf(spec, []) };
      const entry: Entry = { spec, trust };
      this.#entries.set(service, entry);
      if (reads) this.#read(service, entry);
    }
    this.#options.changed(service);
  }

  of(service: ServiceName): EndpointTrust | undefined {
    return this.#entries.get(service)?.trust;
  }

  /** The same for those who connect here. */
  tlsOf(service: ServiceName): ProbeTls | undefined {
    const entry = this.#entries.get(service);
    if (entry === undefined) return undefined;
    entry.tls ??= probeTlsOf(entry.trust);
    return entry.tls;
  }

  /** Every service whose endpoints are spoken to over TLS. */
  *all(): IterableIterator<EndpointTrustChange> {
    for (const [service, { trust }] of this.#entries) yield { service, trust };
  }

  get problems(): readonly IsthmusError[] {
    return Array.from(this.#entries.values(), ({ problem }) => problem).filter(
      (problem) => problem !== undefined,
    );
  }

  /** Resolves when all files that are asked for by now were read, or could not be. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
  }

  /** Looks at the files now, and reads those that changed. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  close(): void {
    this.#cancelLook();
    this.#entries.clear();
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.after(lookEveryMs, () => {
      this.#lookLater();
      void this.look();
    });
  }

  async #lookOnce(): Promise<void> {
    for (const [service, entry] of [...this.#entries]) {
      const { kept } = entry;
      if (kept === undefined) {
        if (pathsOf(entry.spec).length > 0 && entry.problem) await this.#open(service, entry);
        continue;
      }
      const seen = await kept.look();
      if (seen === 'same') continue;
      delete entry.problem;
      if (seen === 'replaced') this.#take(service, entry, { kind: 'trust', ...kept.value });
      else if (kept.problem) this.#fail(entry, kept.problem, 'the last good ones stay');
    }
  }

  #read(service: ServiceName, entry: Entry): void {
    const reading = this.#open(service, entry).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  /** Reads the files for the first time. */
  async #open(service: ServiceName, entry: Entry): Promise<void> {
    const { spec } = entry;
    const paths = pathsOf(spec);
    const where = `tls of ${service} (${paths.join(', ')})`;
    try {
      const make = (...texts: readonly string[]) => trustOf(spec, texts);
      entry.kept = await KeptValue.open({ where, paths, make });
      delete entry.problem;
      this.#take(service, entry, { kind: 'trust', ...entry.kept.value });
    } catch (thrown) {
      const problem = asIsthmusError(thrown);
      const isNews = problem.message !== entry.problem?.message;
      if (isNews) this.#fail(entry, problem, 'its endpoints are not spoken to');
      // Who asked for other authorities does not want the former ones.
      if (isNews) this.#take(service, entry, { kind: 'unusable', why: problem.message });
    }
  }

  #fail(entry: Entry, problem: IsthmusError, consequence: string): void {
    entry.problem = problem;
    this.#options.log.error({ err: problem }, `TLS to endpoints: ${consequence}`);
  }

  #take(service: ServiceName, entry: Entry, trust: EndpointTrust): void {
    if (this.#entries.get(service) !== entry) return;
    entry.trust = trust;
    delete entry.tls;
    this.#options.changed(service);
  }
}

/** The files that are read, in the order in which `trustOf` takes their texts. */
function pathsOf({ caCertificates, clientCertificate }: EndpointTls): string[] {
  const isFile = caCertificates !== systemAuthorities && !isPem(caCertificates);
  return [
    ...(isFile ? [caCertificates] : []),
    ...(clientCertificate ? [clientCertificate.certFile, clientCertificate.keyFile] : []),
  ];
}

/** Throws CERT_INVALID or KEY_UNREADABLE; neither says anything of a key. */
function trustOf(spec: EndpointTls, texts: readonly string[]): ServerTrust {
  const { caCertificates, hostname, subjectAltNames: names, clientCertificate } = spec;
  const left = [...texts];
  const isFile = caCertificates !== systemAuthorities && !isPem(caCertificates);
  const pem = isFile ? left.shift() : caCertificates;
  if (pem !== undefined && pem !== systemAuthorities && parseCertificates(pem).length === 0) {
    throw new IsthmusError('CERT_INVALID', {
      what: `There is no certificate in ${caCertificates}`,
    });
  }
  const own = clientCertificate && readServerCertificate(left[0] ?? '', left[1] ?? '');
  return {
    roots: pem === systemAuthorities ? undefined : pem,
    hostname,
    ...(names && { names }),
    ...(own && { credentials: { chainPem: own.chainPem, keyPem: own.keyPem } }),
  };
}

function probeTlsOf(trust: EndpointTrust): ProbeTls {
  if (trust.kind === 'unusable') return { unusable: trust.why };
  try {
    return serverTlsOf(trust);
  } catch (thrown) {
    return { unusable: asIsthmusError(thrown).message };
  }
}
