/** Owns the gateway's look at the other clusters: their clocks, their links and their bundles. */
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { trustDomainOf } from '../../core/names.ts';
import { FederationClient } from '../../federation/client.ts';
import type { ClusterView } from '../../registry/snapshot.ts';
import type { Finding } from '../admin/answers.ts';
import type { Gateway } from '../gateway.ts';
import { age, error, ok, rootWarningMs, warning } from './finding.ts';

/** A clock further off than this makes short-lived certificates fail at one end. */
const clockWarningMs = 30_000;
const clockErrorMs = 60_000;
const pingDeadlineMs = 2_000;

/** Asks a gateway of each other cluster what time it is. */
export async function clocks(gateway: Gateway, others: readonly ClusterView[]): Promise<Finding[]> {
  const offsets = await Promise.all(others.map((other) => offsetOf(gateway, other)));
  const findings: Finding[] = [];
  for (const { cluster, offsetMs } of offsets.flatMap((offset) => offset ?? [])) {
    if (Math.abs(offsetMs) < clockWarningMs) continue;
    const level = Math.abs(offsetMs) >= clockErrorMs ? error : warning;
    const seconds = Math.round(Math.abs(offsetMs) / 1000);
    const what = `The clock of ${cluster} is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ours`;
    findings.push(
      level('clock', 'CLOCK_SKEW', what, 'Synchronise both clocks, by NTP for instance.'),
    );
  }
  if (findings.length === 0) {
    const asked = offsets.filter((offset) => offset !== undefined).length;
    const rest = asked === others.length ? '' : `, of ${others.length}: the rest do not answer`;
    findings.push(ok('clock', 'CLOCK_OK', `In step with ${otherClusters(asked)}${rest}`));
  }
  return findings;
}

async function offsetOf(gateway: Gateway, { cluster, record }: ClusterView) {
  const address = record?.federation[0];
  if (!address || !gateway.membership.believed.has(cluster)) return undefined;
  const { clock, identity, config } = gateway;
  const client = new FederationClient({
    address,
    trust: identity.trust,
    expect: parseTrustDomain(trustDomainOf(cluster, config.federation)),
    identity: identity.leaf.current,
    deadlineMs: pingDeadlineMs,
    clock,
  });
  try {
    const asked = clock.now();
    const { timeMs } = await client.ping();
    return { cluster, offsetMs: timeMs - (asked + clock.now()) / 2 };
  } catch {
    return undefined; // That it can't be reached is the peers' layer to say.
  } finally {
    client.close();
  }
}

export async function peers(
  { workers }: Gateway,
  others: readonly ClusterView[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { cluster, synced } of others) {
    const { state, rttMs } = workers.links.state(cluster);
    if (state !== 'up') {
      const details = await workers.linkDetails(cluster);
      const why = details.flatMap(({ address, why }) => (why ? [`${address}: ${why}`] : []))[0];
      findings.push(
        error(
          'peers',
          'PEER_UNREACHABLE',
          `No link to ${cluster} is up${why ? ` (${why})` : ''}`,
          'Check its gateway, and the network to its east-west address.',
        ),
      );
    } else if (!synced) {
      findings.push(
        warning(
          'peers',
          'PEER_STALE',
          `${cluster} can be reached, and does not confirm its records`,
          'Check whether its gateway reaches the registry.',
        ),
      );
    } else
      findings.push(ok('peers', 'PEER_OK', `${cluster} is up, ${Math.round(rttMs ?? 0)} ms away`));
  }
  return findings.length > 0 ? findings : [ok('peers', 'PEER_OK', 'There are no other clusters')];
}

export function bundles({ membership, clock }: Gateway, others: readonly ClusterView[]): Finding[] {
  const findings: Finding[] = [];
  for (const { cluster } of others) {
    const bundle = membership.bundleOf(cluster);
    if (!bundle) {
      findings.push(
        error(
          'bundles',
          'BUNDLE_MISSING',
          `The bundle of ${cluster} is not believed`,
          'See the registry layer for why its record was refused.',
        ),
      );
      continue;
    }
    const left = Math.max(...bundle.roots.map((root) => root.validToDate.getTime())) - clock.now();
    if (!(left > 0))
      findings.push(
        error(
          'bundles',
          'BUNDLE_EXPIRED',
          `Every root of ${cluster} has expired`,
          'Have it publish a new one.',
        ),
      );
    else if (left < rootWarningMs) {
      findings.push(
        warning(
          'bundles',
          'BUNDLE_EXPIRING',
          `The root of ${cluster} has ${age(left)} left`,
          'Have it publish its next one.',
        ),
      );
    }
  }
  return findings.length > 0
    ? findings
    : [ok('bundles', 'BUNDLE_OK', `Believed: the bundles of ${otherClusters(others.length)}`)];
}

function otherClusters(count: number): string {
  return count === 1 ? '1 other cluster' : `${count} other clusters`;
}
