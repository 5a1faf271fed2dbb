/** Owns a federation that is as large as asked for, made in an etcd at once: authorities, membership files and every record, signed or sealed as its cluster would. */
import { join } from 'node:path';
import { type Authority, openAuthority } from '../../certs/authority.ts';
import { encodeBundle } from '../../certs/bundle.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import {
  type ClusterName,
  parseClusterName,
  parseFederationName,
  type ServiceName,
  serviceName,
  trustDomainOf,
} from '../../core/names.ts';
import { summarize } from '../../federation/exports.ts';
import { MembershipFile } from '../../federation/member.ts';
import { encodeKey, type RegistryKey } from '../../registry/keys.ts';
import type { EndpointRecord, ExportRecord, Health } from '../../registry/model.ts';
import { sealRecord, signRecord } from '../../registry/signing.ts';
import type { Store, WriteOp } from '../../registry/store.ts';
import { federation as federationText } from '../cluster.ts';

const federation = parseFederationName(federationText);

export interface Size {
  /** Of the own cluster, all registered with a sibling of the gateway that is measured. */
  readonly endpoints: number;
  /** Of the other clusters together. */
  readonly summaries: number;
  readonly clusters: number;
}

const endpointsPerService = 5;
/** Transactions that are on their way at a time. */
const writers = 8;
const opsPerWrite = 128;

export class MadeFederation {
  readonly size: Size;
  /** Names of the other clusters. */
  readonly others: readonly ClusterName[];
  readonly own: ClusterName = parseClusterName('dc1');
  readonly #dir: string;
  readonly #authorities: ReadonlyMap<ClusterName, Authority>;

  private constructor(
    dir: string,
    size: Size,
    others: readonly ClusterName[],
    authorities: ReadonlyMap<ClusterName, Authority>,
  ) {
    this.#dir = dir;
    this.size = size;
    this.others = others;
    this.#authorities = authorities;
  }

  /** Makes an authority for each cluster, in the folder where its gateway keeps it. */
  static async make(dir: string, size: Size): Promise<MadeFederation> {
    const others = Array.from({ length: size.clusters }, (_, i) =>
      parseClusterName(`far${String(i).padStart(2, '0')}`),
    );
    const authorities = new Map<ClusterName, Authority>();
    for (const cluster of [parseClusterName('dc1'), ...others]) {
      const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
      const home = join(dir, cluster, 'data', 'ca');
      authorities.set(cluster, await openAuthority({ dir: home, trustDomain, clock: systemClock }));
    }
    return new MadeFederation(dir, size, others, authorities);
  }

  /** The folder of a cluster's gateway. */
  home(cluster: ClusterName): string {
    return join(this.#dir, cluster);
  }

  /** As if the own cluster had founded the federation, and this one joined it, or founded it. */
  async enrol(cluster: ClusterName, etcd: string): Promise<void> {
    const file = await MembershipFile.open(join(this.home(cluster), 'data'));
    const pins = [this.own, ...this.others]
      .filter((other) => other !== cluster)
      .map((other) => {
        // Of those that a member believes, only the founder was admitted by nobody.
        const admittedAt = other === this.own ? 0 : 1;
        return [other, { bundle: encodeBundle(this.#authority(other).bundle()), admittedAt }];
      });
    await file.set({
      version: 1,
      kind: cluster === this.own ? 'founder' : 'member',
      federation,
      joinedAt: Date.now(),
      registry: { kind: 'etcd', endpoints: [etcd] },
      pins: Object.fromEntries(pins),
      departed: {},
    });
  }

  /** Services of the own cluster. */
  get services(): number {
    return Math.ceil(this.size.endpoints / endpointsPerService);
  }

  /** Every record, written. `eastWest`: where clusters are reached. */
  async write(store: Store, eastWest: (cluster: ClusterName) => string): Promise<void> {
    const writes = batches(this.#records(eastWest));
    const write = async () => {
      for (const ops of writes) await store.txn([], ops);
    };
    await Promise.all(Array.from({ length: writers }, write));
  }

  /** One of the endpoints, counted from 0, as healthy as asked. */
  endpoint(index: number, health: Health): WriteOp {
    const record = this.#endpoint(index, health);
    const { cluster, service, id } = record;
    const key = encodeKey(federation, { kind: 'endpoints', cluster, service, id });
    const sealed = sealRecord(key, record, this.#authority(cluster));
    return { op: 'put', key, value: JSON.stringify(sealed) };
  }

  /** One of the summaries, counted from 0, with so many healthy copies. */
  summary(index: number, healthy: number): WriteOp {
    const cluster = this.others[index % this.others.length] as ClusterName;
    const service = nameOf(Math.floor(index / this.others.length) % this.services);
    const localities = [{ region: 'far', zone: 'a', total: 3, healthy, degraded: 0 }];
    const record: ExportRecord = {
      ...{ cluster, service, protocol: 'http', localities },
      updatedAt: Date.now(),
    };
    return this.#signed({ kind: 'exports', cluster, service }, record);
  }

  *#records(eastWest: (cluster: ClusterName) => string): Generator<WriteOp> {
    for (const cluster of [this.own, ...this.others]) {
      const bundle = { cluster, bundle: encodeBundle(this.#authority(cluster).bundle()) };
      yield this.#signed({ kind: 'bundles', cluster }, bundle);
      const address = eastWest(cluster);
      yield this.#signed(
        { kind: 'clusters', cluster },
        {
          ...{ cluster, region: `region-${cluster}`, zones: ['a'], protocolVersion: 1 },
          trustDomain: trustDomainOf(cluster, federation),
          ...{ eastWest: [address], federation: [address], joinedAt: 1 },
        },
      );
      const synced = { cluster, gateway: 'gateway-9', at: Date.now() };
      yield this.#signed({ kind: 'synced', cluster }, synced);
    }
    for (let i = 0; i < this.size.endpoints; i++) yield this.endpoint(i, 'healthy');
    for (let s = 0; s < this.services; s++) {
      const records = Array.from({ length: endpointsPerService }, (_, e) =>
        this.#endpoint(s * endpointsPerService + e, 'healthy'),
      );
      for (const summary of summarize(records, Date.now())) {
        yield this.#signed(
          { kind: 'exports', cluster: this.own, service: summary.service },
          summary,
        );
      }
    }
    for (let i = 0; i < this.size.summaries; i++) yield this.summary(i, 3);
  }

  #endpoint(index: number, health: Health): EndpointRecord {
    return {
      cluster: this.own,
      service: nameOf(Math.floor(index / endpointsPerService)),
      id: `e${index % endpointsPerService}`,
      ...{ address: '127.0.0.1', port: 9, region: `region-${this.own}`, zone: 'a', weight: 1 },
      ...{ labels: { version: 'v1' }, protocol: 'http', health },
      ...{ exported: true, gateway: 'gateway-9' },
    };
  }

  #signed(key: RegistryKey & { cluster: ClusterName }, record: object): WriteOp {
    const text = encodeKey(federation, key);
    const signed = signRecord(text, record, this.#authority(key.cluster));
    return { op: 'put', key: text, value: JSON.stringify(signed) };
  }

  #authority(cluster: ClusterName): Authority {
    const authority = this.#authorities.get(cluster);
    if (authority === undefined) throw new Error(`There is no cluster ${cluster}`);
    return authority;
  }
}

function nameOf(service: number): ServiceName {
  return serviceName('made', `s${service}`);
}

function* batches(ops: Iterable<WriteOp>): Generator<WriteOp[]> {
  let batch: WriteOp[] = [];
  for (const op of ops) {
    batch.push(op);
    if (batch.length < opsPerWrite) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
