/** Owns looking at one other cluster, at each address that its gateways advertise. */
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { type ClusterName, serviceHost, trustDomainOf } from '../../../core/names.ts';
import { gatewaysOf, type ReachedAt } from '../../../registry/gateway-addresses.ts';
import type { ClusterView, Snapshot } from '../../../registry/snapshot.ts';
import { networkOf } from '../config/addresses.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import type { OtherGateway } from '../others/other-gateway.ts';
import type { OtherGateways } from '../others/other-gateways.ts';
import type { WrittenPolicies } from '../policies/written-policies.ts';
import type { Workers } from '../workers/workers.ts';
import { type Heard, hear, policyFacts } from './facts.ts';
import * as judge from './judge.ts';
import { type Probed, probeLink } from './link-probe.ts';
import { type Cell, worst } from './row.ts';
import { transferFrom } from './transfer.ts';

export interface MeasuringParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'gateway' | 'network' | 'region'>;
  readonly identity: Pick<Identity, 'leaf' | 'trust'>;
  readonly snapshot: Snapshot;
  readonly workers: { readonly links: Pick<Workers['links'], 'state'> };
  readonly writtenPolicies: Pick<WrittenPolicies, 'views'>;
  readonly others: Pick<OtherGateways, 'ask' | 'list' | 'read'>;
}

/** What is done beside looking. */
export interface Asked {
  /** Send a HEAD request to a service that the other cluster exports. */
  readonly services: boolean;
  /** Have it send 4 MiB. */
  readonly bandwidth: boolean;
}

/** Round trips on each connection: an odd number, whose median is one of them. */
const pings = 5;

/** One cell, of which `Verifier` knows since when it is so. Never rejects. */
export async function measure(
  gateway: MeasuringParts,
  { cluster, record }: ClusterView,
  exported: judge.Exported | undefined,
  asked: Asked,
  clock: Clock,
): Promise<Omit<Cell, 'since'>> {
  const { config, identity, others, workers, writtenPolicies } = gateway;
  const at = clock.now();
  const name = asked.services && exported && exported.healthy > 0 ? exported.service : undefined;
  const service =
    name === undefined ? undefined : { name, authority: serviceHost(name, config.federation) };
  const probe = (address: string) =>
    probeLink(address, {
      identity: identity.leaf.current,
      trust: identity.trust,
      expect: parseTrustDomain(trustDomainOf(cluster, config.federation)),
      clock,
      pings,
      service,
    });
  const places = others.list().filter((other) => other.cluster === cluster);
  const [probes, { heard, silent }] = await Promise.all([
    record ? probeAll(gatewaysOf(record, 'eastWest', networkOf(config)), probe) : [],
    hearAll(places, others, clock),
  ]);
  const from = asked.bandwidth ? places.find(({ address }) => heard.has(address)) : undefined;
  const transfer = from && (await transferFrom(from, (...of) => others.read(...of)));
  const answered = judge.answeredOf(probes);
  // A place with several ways to it is as near as the nearest.
  const rtts = answered.flatMap(({ rttsMs }) => judge.median(rttsMs) ?? []);
  const rttMs = rtts.length === 0 ? undefined : Math.min(...rtts);
  const told = [...heard.values()];
  const findings = [
    judge.path(probes, told, silent, workers.links.state(cluster).state),
    judge.identity(probes),
    judge.latency(rttMs, pings),
    judge.clock(told),
    judge.policy(policyFacts(writtenPolicies.views), told),
    judge.service(exported, service && answered.flatMap(({ served }) => served ?? [])),
    ...(transfer ? [judge.bandwidth(transfer)] : []),
  ];
  const offsetMs = judge.furthest(told)?.offsetMs;
  return {
    ...{ to: cluster, at, outcome: worst(findings.map(({ outcome }) => outcome)) },
    ...(rttMs !== undefined && { rttMs }),
    ...(offsetMs !== undefined && { offsetMs }),
    ...(transfer?.kind === 'done' && {
      bytesPerSecond: Math.round((transfer.bytes * 1000) / Math.max(1, transfer.ms)),
    }),
    findings,
  };
}

/** Each gateway where it is reached first, and where it is reached otherwise if that does not answer. */
async function probeAll(
  gateways: readonly ReachedAt[],
  probe: (address: string) => Promise<Probed>,
): Promise<Probed[]> {
  const probed = new Map<string, Promise<Probed>>();
  const probeOnce = (address: string) => probed.getOrInsertComputed(address, probe);
  await Promise.all(
    gateways.map(async (one) => {
      const near = await Promise.all(one.private.map(probeOnce));
      if (near.some(({ kind }) => kind !== 'unreachable')) return;
      await Promise.all(one.public.map(probeOnce));
    }),
  );
  return Promise.all(probed.values());
}

async function hearAll(
  places: readonly OtherGateway[],
  others: Pick<OtherGateways, 'ask'>,
  clock: Clock,
) {
  const heard = new Map<string, Heard>();
  const silent: string[] = [];
  const asking = places.map(async (place) => {
    try {
      heard.set(place.address, await hear(place, (...of) => others.ask(...of), clock));
    } catch (thrown) {
      silent.push(`${place.address}: ${messageOf(thrown)}`);
    }
  });
  await Promise.all(asking);
  return { heard, silent: silent.sort() };
}

/**
 * For each other cluster a service that it exports to `self`, in one pass over all: one with healthy copies that speaks HTTP, if there is any,
 * else any that speaks it.
 */
export function exportedTo(
  self: ClusterName,
  { clusters, services }: Snapshot,
): Map<ClusterName, judge.Exported> {
  const found = new Map<ClusterName, judge.Exported>();
  const open = new Set([...clusters.keys()].filter((cluster) => cluster !== self));
  for (const { service, exports } of services.values()) {
    if (open.size === 0) break;
    for (const [cluster, { protocol, localities, to }] of exports) {
      if (!open.has(cluster) || protocol === 'tcp' || protocol === 'tls') continue;
      if (localities.length === 0 || (to !== undefined && !to.includes(self))) continue;
      const healthy = localities.reduce((sum, one) => sum + one.healthy + one.degraded, 0);
      if (healthy > 0) open.delete(cluster);
      if (healthy > 0 || !found.has(cluster)) found.set(cluster, { service, healthy });
    }
  }
  return found;
}
