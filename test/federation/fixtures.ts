/** Owns the cast of the federation tests: whole clusters, each with an authority, a membership file and a federation listener. */
import { X509Certificate } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { type ChangingAuthority, type LeafIdentity, openAuthority } from '../../certs/authority.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import {
  type ClusterName,
  parseClusterName,
  parseFederationName,
  trustDomainOf,
} from '../../core/names.ts';
import { Admission } from '../../federation/admission.ts';
import { Adoption } from '../../federation/adoption.ts';
import type { JoinOptions } from '../../federation/join.ts';
import { evict } from '../../federation/leave.ts';
import { startFederationListener } from '../../federation/listener.ts';
import { type Joined, MembershipFile, type RegistryAccess } from '../../federation/member.ts';
import { type ClusterDraft, joinRequest } from '../../federation/own-records.ts';
import { type FederationAct, FederationService } from '../../federation/service.ts';
import { Sharing } from '../../federation/sharing.ts';
import { createToken, type JoinToken } from '../../federation/token.ts';
import { FederationTrust } from '../../federation/trust.ts';
import { startEmbeddedRegistry } from '../../registry/embedded/index.ts';
import { encodeKey } from '../../registry/keys.ts';
import type { Store } from '../../registry/store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openStore } from '../support/store.ts';
import { tempDir } from '../support/temp-dir.ts';

export const acme = parseFederationName('acme');

/** A cluster that is in no federation yet. */
export interface Cluster {
  readonly name: ClusterName;
  readonly dataDir: string;
  readonly authority: ChangingAuthority;
  readonly leaf: LeafIdentity;
  readonly file: MembershipFile;
  readonly self: ClusterDraft;
}

export async function cluster(t: ExecutionContext, text: string): Promise<Cluster> {
  const name = parseClusterName(text);
  const trustDomain = parseTrustDomain(trustDomainOf(name, acme));
  const dataDir = await tempDir(t);
  const authority = await openAuthority({
    dir: `${dataDir}/ca`,
    trustDomain,
    clock: systemClock,
  });
  const part = {
    eastWest: ['127.0.0.1:7443'],
    federation: ['127.0.0.1:7444'],
    zones: ['a'],
  };
  const self: ClusterDraft = {
    cluster: name,
    region: 'eu',
    trustDomain,
    ...part,
    gateways: { g1: part },
    protocolVersion: 1,
    joinedAt: Date.now(),
  };
  return {
    name,
    dataDir,
    authority,
    leaf: await authority.issueLeaf({ id: gatewayId(trustDomain, 'g1'), dnsNames: [trustDomain] }),
    file: await MembershipFile.open(dataDir),
    self,
  };
}

/** A cluster whose gateway admits others. */
export interface Host extends Cluster {
  readonly store: Store;
  readonly trust: FederationTrust;
  readonly trustStore: TrustStore;
  readonly admission: Admission;
  readonly adoption: Adoption;
  readonly clock: ManualClock;
  /** `127.0.0.1:<port>` of its federation listener. */
  readonly address: string;
  /** What it was asked to change. */
  readonly acts: readonly FederationAct[];
  /** Why it refused tokens, in that order. */
  readonly refusedTokens: readonly string[];
}

/** An embedded registry of one's own: the quickest real one. */
export async function registry(t: ExecutionContext): Promise<string> {
  const file = `${await tempDir(t)}/registry.db`;
  const embedded = await startEmbeddedRegistry({ file, listen: '127.0.0.1:0', log: silentLog });
  t.teardown(() => embedded.close());
  return embedded.address;
}

/** Makes `dc1` the founder of a federation whose registry is at `address`; default an embedded one. */
export async function founder(t: ExecutionContext, address?: string): Promise<Host> {
  const endpoint = address ?? (await registry(t));
  const dc1 = await cluster(t, 'dc1');
  const host = await serve(t, dc1, openStore(t, { endpoints: [`http://${endpoint}`] }), {
    version: 1,
    kind: 'founder',
    federation: acme,
    joinedAt: 1,
    registry: { kind: 'etcd', endpoints: [endpoint] },
    pins: {},
    departed: {},
  });
  await putRecords(host.store, dc1);
  return host;
}

/** Starts the federation listener of a cluster that is in a federation. */
export async function serve(
  t: ExecutionContext,
  member: Cluster,
  store: Store,
  joined: Joined,
): Promise<Host> {
  await member.file.set(joined);
  const clock = new ManualClock();
  const trustStore = new TrustStore();
  trustStore.set(member.authority.bundle());
  const trust = trustOf(member, trustStore);
  const access: RegistryAccess = joined.registry;
  const base = { federation: acme, cluster: member.name, store, clock, log: silentLog };
  const admission = new Admission({
    ...base,
    gateway: 'g1',
    store: () => store,
    authority: member.authority,
    trust,
    registry: () => access,
  });
  const adoption = new Adoption({
    ...base,
    gateway: 'g1',
    authorityDir: `${member.dataDir}/ca`,
    fingerprint: () => member.authority.keyId,
    file: member.file,
  });
  const acts: FederationAct[] = [];
  const refusedTokens: string[] = [];
  const service = new FederationService({
    ...base,
    id: member.leaf.id,
    admission: () => admission,
    adoption,
    acted: async (act) => void acts.push(act),
    tokenRefused: (code) => void refusedTokens.push(code),
    sharing: new Sharing({ ...base, gateway: 'g1', authority: member.authority }),
    evict: (target, by, force) =>
      evict({
        store,
        federation: acme,
        cluster: target,
        by,
        signer: member.authority,
        force,
        known: false,
        clock: systemClock,
      }),
  });
  const listener = await startFederationListener({
    host: '127.0.0.1',
    port: 0,
    identity: () => member.leaf,
    trust: trustStore,
    service,
    admin: (socket) => socket.destroy(),
    clock: systemClock,
    log: silentLog,
  });
  t.teardown(() => listener.close());
  const { address } = listener;
  return {
    ...member,
    store,
    trust,
    trustStore,
    admission,
    adoption,
    clock,
    address,
    acts,
    refusedTokens,
  };
}

export function trustOf(member: Cluster, trustStore: TrustStore): FederationTrust {
  return new FederationTrust({
    federation: acme,
    cluster: member.name,
    ownBundle: () => member.authority.bundle(),
    sealer: member.authority,
    file: member.file,
    trustStore,
    clock: systemClock,
    log: silentLog,
  });
}

export function keyOf(kind: 'clusters' | 'bundles' | 'departures', name: ClusterName): string {
  return encodeKey(acme, { kind, cluster: name });
}

async function putRecords(store: Store, { name, self, authority }: Cluster): Promise<void> {
  const { clusterRecord, bundleRecord } = joinRequest(anyToken, self, authority);
  await store.txn(
    [],
    [
      { op: 'put', key: keyOf('clusters', name), value: clusterRecord },
      { op: 'put', key: keyOf('bundles', name), value: bundleRecord },
    ],
  );
}

export const anyToken: JoinToken = {
  federation: acme,
  cluster: parseClusterName('dc1'),
  addresses: ['127.0.0.1:1'],
  fingerprint: 'none',
  id: 'none',
  secret: 'none',
  expiresAt: 0,
};

/** A token of `host`, naming its own address or others. */
export async function tokenOf(
  host: Host,
  addresses: readonly string[] = [host.address],
  ttlMs?: number,
): Promise<string> {
  const { text } = await createToken({
    store: host.store,
    federation: acme,
    cluster: host.name,
    addresses,
    fingerprint: host.authority.keyId,
    signer: host.authority,
    ttlMs,
    clock: host.clock,
  });
  return text;
}

export function joining({ authority, self, file }: Cluster): JoinOptions {
  return {
    authority,
    self,
    file,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    deadlineMs: 8000,
    backoff: { baseMs: 5, maxMs: 10 },
  };
}

/** Everything below the federation's prefix, for comparing before and after. */
export async function registryOf({ store }: Host): Promise<Record<string, string>> {
  const { values } = await store.list(`/isthmus/v1/${acme}/`);
  return Object.fromEntries(values.map(({ key, value }) => [key, new TextDecoder().decode(value)]));
}

/** Expects a rejection with a code, and returns the error. */
export async function refused(
  t: ExecutionContext,
  code: IsthmusError['code'],
  run: () => Promise<unknown>,
): Promise<IsthmusError> {
  const error = await t.throwsAsync(run, { instanceOf: IsthmusError });
  t.is(error.code, code, error.message);
  return error;
}

/** Whether a trust store takes a cluster's gateway for who it is. */
export function believes(trust: TrustStore, { leaf }: Cluster): boolean {
  try {
    return trust.verifyChain([new X509Certificate(leaf.certPem)], Date.now()).uri === leaf.id.uri;
  } catch (thrown) {
    if (thrown instanceof IsthmusError && thrown.code === 'CERT_UNTRUSTED') return false;
    throw thrown;
  }
}

/** Has a host look at what the registry says of a cluster, as its informer would. */
export async function look({ store, trust }: Host, name: ClusterName): Promise<void> {
  for (const kind of ['bundles', 'clusters'] as const) {
    const key = keyOf(kind, name);
    const stored = await store.get(key);
    if (!stored) throw new Error(`${key} is not there`);
    trust.verify({ kind, cluster: name }, key, JSON.parse(new TextDecoder().decode(stored.value)));
  }
}
