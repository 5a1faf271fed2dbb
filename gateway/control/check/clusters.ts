/** Owns the gateway's look at the other clusters: their clocks, their links and their bundles. */
import type { Clock } from '../../../core/clock.ts';
import type { ClusterView } from '../../../registry/snapshot.ts';
import type { LinkDetail } from '../../data/link/cluster-links.ts';
import type { Membership } from '../membership/membership.ts';
import type { Clocks } from '../others/clocks.ts';
import type { Workers } from '../workers/workers.ts';
import {
  age,
  clockErrorMs,
  clockWarningMs,
  error,
  type Finding,
  fromError,
  ok,
  rootErrorMs,
  rootWarningMs,
  warning,
} from './finding.ts';

/** The parts by which the clocks of other clusters are known. */
export interface Timing {
  readonly clocks: Pick<Clocks, 'look' | 'problem' | 'readings'>;
  readonly workers: Pick<Workers, 'links'>;
}

export interface Linking {
  readonly workers: Pick<Workers, 'links' | 'linkDetails'>;
}

export interface Trusting {
  readonly clock: Pick<Clock, 'now'>;
  readonly membership: Pick<Membership, 'bundleOf'>;
}

/** Asks each gateway of the other clusters what time it is; those that no link reaches are not waited for, and were asked before. */
export async function clocks(gateway: Timing, others: readonly ClusterView[]): Promise<Finding[]> {
  const { clocks, workers } = gateway;
  const isUp = ({ cluster }: ClusterView): boolean => workers.links.state(cluster).state !== 'down';
  await clocks.look(others.filter(isUp).map(({ cluster }) => cluster));
  const readings = clocks.readings.filter(({ cluster }) =>
    others.some((other) => other.cluster === cluster),
  );
  const each = readings.flatMap(({ cluster, gateway: id, offsetMs }) =>
    clockFinding({ gateway: `${cluster}/${id}`, offsetMs }),
  );
  const findings = [...ownClock(gateway), ...each];
  if (findings.length > 0) return findings;
  const asked = new Set(readings.map(({ cluster }) => cluster)).size;
  const rest = asked === others.length ? '' : `, of ${others.length}: the rest do not answer`;
  return [ok('clock', 'CLOCK_OK', `In step with ${otherClusters(asked)}${rest}`)];
}

/** What there is to say where it seems to be this gateway's clock that is off. */
export function ownClock({ clocks: { problem } }: Pick<Timing, 'clocks'>): Finding[] {
  return problem ? [fromError('clock', problem)] : [];
}

/** What there is to say of a gateway whose clock is `offsetMs` ahead of ours, or behind where that is negative. */
export function clockFinding({
  gateway,
  offsetMs,
}: {
  /** `cluster/id`. */
  readonly gateway: string;
  readonly offsetMs: number;
}): Finding[] {
  const apartMs = Math.abs(offsetMs);
  if (apartMs < clockWarningMs) return [];
  const level = apartMs >= clockErrorMs ? error : warning;
  const way = offsetMs > 0 ? 'ahead of' : 'behind';
  const what = `The clock of ${gateway} is ${Math.round(apartMs / 1000)} s ${way} ours`;
  return [level('clock', 'CLOCK_SKEW', what, 'Synchronise both clocks, by NTP for instance.')];
}

export async function peers(
  { workers }: Linking,
  others: readonly ClusterView[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const byCluster = Map.groupBy(await workers.linkDetails(), ({ cluster }) => cluster);
  for (const { cluster, synced } of others) {
    const { state, rttMs } = workers.links.state(cluster);
    const details = byCluster.get(cluster) ?? [];
    const dead = deadAddresses(details);
    if (state === 'suspect') {
      findings.push(
        warning(
          'peers',
          'PEER_SUSPECT',
          `Nothing is heard from ${cluster} for now, though its links stand`,
          'Look again in a few seconds. If it stays so, its gateway is starved of CPU, or the network to it loses packets.',
        ),
      );
    } else if (state !== 'up') {
      const [why] = dead;
      findings.push(
        error(
          'peers',
          'PEER_UNREACHABLE',
          `No link to ${cluster} is up${why ? ` (${why})` : ''}`,
          `Check its gateway, and the network to its east-west address.${adviceOn(why)}`,
        ),
      );
    } else if (dead.length > 0 && stoodIn(details)) {
      findings.push(
        warning(
          'peers',
          'PEER_DEGRADED',
          `${cluster} is up, and can't be reached at its private address ${dead.join(', nor at ')}: those for everybody are used instead`,
          `Open the way there, or name the networks of both gateways: \`network\` in the configuration.${adviceOn(dead[0])}`,
        ),
      );
    } else if (dead.length > 0) {
      findings.push(
        warning(
          'peers',
          'PEER_DEGRADED',
          `${cluster} is up, and can't be reached at ${dead.join(', nor at ')}`,
          `Check the gateway at that address: with one less, nothing is left when the next fails.${adviceOn(dead[0])}`,
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

/** Whether all that can't be reached is for one network, and others stand in for it. */
function stoodIn(details: readonly LinkDetail[]): boolean {
  const isUp = ({ state }: LinkDetail) => state === 'up' || state === 'suspect';
  const missed = new Set(details.filter(isUp).flatMap(({ insteadOf }) => insteadOf ?? []));
  const isReached = new Set(details.filter(isUp).map(({ address }) => address));
  return details.every(({ address }) => isReached.has(address) || missed.has(address));
}

/** The addresses to which no worker has a connection, each with the reason. */
function deadAddresses(details: readonly LinkDetail[]): string[] {
  const dead: string[] = [];
  for (const [address, links] of Map.groupBy(details, (link) => link.address)) {
    if (links.some(({ state }) => state === 'up' || state === 'suspect')) continue;
    const why = links.find((link) => link.why !== undefined)?.why;
    dead.push(why === undefined ? address : `${address}: ${why}`);
  }
  return dead;
}

/**
 * A certificate that the other side holds for expired, or not yet valid, is often a clock's fault. A gateway that does not believe ours
 * does not say so, but hangs up.
 */
function adviceOn(why = ''): string {
  if (/expired|not valid before|not yet valid/.test(why))
    return ' Compare the clocks of both machines: certificates live for 24 hours.';
  if (/not signed by a root of/.test(why))
    return ' Somebody is there with another authority. If that is the gateway of the cluster, which lost its data folder: `isthmus check` there says how it gets it back.';
  if (/ECONNRESET|hang up|closed the connection/.test(why))
    return ' Somebody is there, and hangs up: `isthmus check` at that gateway says why, such as clocks that are apart.';
  return '';
}

export function bundles(
  { membership, clock }: Trusting,
  others: readonly ClusterView[],
): Finding[] {
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
      const level = left < rootErrorMs ? error : warning;
      findings.push(
        level(
          'bundles',
          'BUNDLE_EXPIRING',
          `The root of ${cluster} has ${age(left)} left`,
          `Have it changed at a gateway of ${cluster}: \`isthmus trust rotate\`.`,
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
