/** Owns one embedded registry inside its thread: file, data, leases, watchers and listener, started and stopped in order. */
import { randomBytes, X509Certificate } from 'node:crypto';
import type { Credentials } from '../../certs/authority.ts';
import type { Bundle } from '../../certs/bundle.ts';
import { defaultRefreshHintSeconds } from '../../certs/refresh-hint.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { isLoopback, parseAddress } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { SharedFolder } from './auth.ts';
import { type AutoCompact, startCompactor } from './compactor.ts';
import { Database } from './database.ts';
import { Leases } from './leases.ts';
import { listen, PeerServers, plainServer, tlsServer } from './listener.ts';
import { Mvcc } from './mvcc.ts';
import type { Header } from './rpc.ts';
import { WatchHub } from './watch-hub.ts';

/** How often watchers that asked for it hear of progress; etcd's default is 10 min, far too long to notice a stall. */
const progressEveryMs = 10_000;

/** The roots of one trust domain, in PEM. */
export interface TrustedDomain {
  readonly trustDomain: string;
  readonly rootsPem: readonly string[];
  /** Where its gateways may write beside what is their cluster's own. */
  readonly writes?: readonly SharedFolder[];
}

export interface ServerIdentity {
  /** Chain in PEM, leaf first. */
  readonly cert: string;
  readonly key: string;
}

export interface NodeOptions {
  readonly file: string;
  readonly listen: string;
  readonly tls?: ServerIdentity;
  readonly trust?: readonly TrustedDomain[];
  readonly hostTrustDomain?: string;
  readonly autoCompact?: AutoCompact;
}

export interface RegistryNode {
  readonly address: string;
  setIdentity(identity: ServerIdentity): void;
  setTrust(domains: readonly TrustedDomain[]): void;
  /** Ends every connection, and leaves the file as a crash would. */
  cut(): void;
  /** Ends every connection and closes the file. */
  close(): void;
}

export async function startNode(
  options: NodeOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<RegistryNode> {
  if (options.tls === undefined && !isLoopback(parseAddress(options.listen).host)) {
    throw new IsthmusError('CONFIG_INVALID', {
      what: 'Without TLS the embedded registry listens on loopback addresses only',
      where: options.listen,
      fix: 'Listen on 127.0.0.1, or give it a certificate.',
    });
  }
  const database = new Database(options.file);
  let address = options.listen;
  let shares: ReadonlyMap<string, readonly SharedFolder[]> = new Map();
  const mvcc = new Mvcc(database);
  const leases = new Leases({ database, mvcc, clock, log });
  const header = headers(database, mvcc);
  const hub = new WatchHub(mvcc, header);
  const servers = new PeerServers({
    database,
    mvcc,
    leases,
    hub,
    header,
    sharesOf: (trustDomain) => shares.get(trustDomain) ?? [],
    address: () => `${options.tls === undefined ? 'http' : 'https'}://${address}`,
    log,
  });
  const trust = new TrustStore();
  const identity = { current: options.tls };
  const secured =
    identity.current === undefined
      ? undefined
      : tlsServer({
          servers,
          identity: () => credentialsOf(identity.current),
          trust,
          hostTrustDomain: options.hostTrustDomain ?? '',
          clock,
          log,
        });
  const server = secured ?? plainServer(servers);

  function setTrust(domains: readonly TrustedDomain[]): void {
    const bundles = domains.map(toBundle);
    shares = new Map(domains.map(({ trustDomain, writes = [] }) => [trustDomain, writes]));
    const kept = new Set(bundles.map(({ trustDomain }) => trustDomain));
    for (const known of trust.domains()) if (!kept.has(known)) trust.remove(known);
    for (const bundle of bundles) trust.set(bundle);
  }

  const stopCompacting = startCompactor(mvcc, options.autoCompact ?? {}, { clock, log });
  let stopProgress = (): void => {};
  function reportProgress(): void {
    stopProgress = clock.after(progressEveryMs, () => {
      hub.notifyProgress();
      reportProgress();
    });
  }
  reportProgress();

  function cut(): void {
    stopProgress();
    stopCompacting();
    leases.close();
    server.close();
    servers.close();
  }

  function close(): void {
    cut();
    database.close();
  }

  try {
    setTrust(options.trust ?? []);
    address = await listen(server, options.listen);
  } catch (thrown) {
    close();
    throw thrown;
  }
  return {
    address,
    setTrust,
    setIdentity(next) {
      if (secured === undefined) {
        throw new IsthmusError('CONFIG_INVALID', {
          what: 'The embedded registry was started without TLS',
          where: address,
        });
      }
      const before = identity.current;
      identity.current = next;
      try {
        secured.updateIdentity();
      } catch (thrown) {
        identity.current = before;
        throw thrown;
      }
    },
    cut,
    close,
  };
}

/** The part of every answer that says which registry it is and how far it has come. The ids are made once per file. */
function headers(database: Database, mvcc: Mvcc): () => Header {
  const id = (name: string): string => {
    const known = database.meta(name);
    if (known !== undefined) return String(known);
    // Below 2^63, so that SQLite keeps it as it is; text, so that no digit is lost.
    const made = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
    database.setMeta(name, made);
    return made;
  };
  const [cluster_id, member_id] = [id('cluster_id'), id('member_id')];
  return () => ({ cluster_id, member_id, revision: mvcc.revision, raft_term: 1 });
}

function toBundle({ trustDomain, rootsPem }: TrustedDomain): Bundle {
  return {
    trustDomain: parseTrustDomain(trustDomain),
    sequence: 0,
    refreshHintSeconds: defaultRefreshHintSeconds,
    roots: rootsPem.map((pem) => parseCertificate(pem)),
  };
}

/** Throws CERT_INVALID. */
function credentialsOf(identity: ServerIdentity | undefined): Credentials {
  const { cert: chainPem = '', key: keyPem = '' } = identity ?? {};
  parseCertificate(chainPem);
  return { chainPem, keyPem };
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new IsthmusError('CERT_INVALID', { what: 'A certificate is not readable PEM', cause });
  }
}
