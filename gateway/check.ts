/** Owns the gateway's look at itself: layer by layer, what is fine, what is not, and what to do about it. */

import { parseTrustDomain } from '../certs/spiffe-id.ts';
import type { IsthmusError } from '../core/errors.ts';
import { parseServiceName, trustDomainOf } from '../core/names.ts';
import { FederationClient } from '../federation/client.ts';
import type { ClusterView } from '../registry/snapshot.ts';
import type { Finding } from './admin/answers.ts';
import type { Gateway } from './gateway.ts';

/** A clock further off than this makes short-lived certificates fail at one end. */
const clockWarningMs = 30_000;
const clockErrorMs = 60_000;
const rootWarningMs = 90 * 24 * 3600_000;
const pingDeadlineMs = 2_000;

/** Findings of every layer; each layer says at least that it is fine. */
export async function checkGateway(gateway: Gateway): Promise<Finding[]> {
  const others = [...gateway.snapshot.clusters.values()].filter(
    ({ cluster }) => cluster !== gateway.config.cluster,
  );
  return [
    ...config(gateway),
    ...registry(gateway),
    ...certificates(gateway),
    ...(await clocks(gateway, others)),
    ...peers(gateway, others),
    ...bundles(gateway, others),
    ...services(gateway),
  ];
}

function config({ config }: Gateway): Finding[] {
  const count = config.services.length;
  return [
    ok(
      'config',
      'CONFIG_OK',
      `Gateway ${config.gateway} of ${config.cluster}, ${count} configured services`,
    ),
  ];
}

function registry({ membership }: Gateway): Finding[] {
  const client = membership.session?.client;
  if (!client) {
    return [
      ...membership.problems.map((problem) => fromError('registry', problem)),
      warning(
        'registry',
        'NOT_A_MEMBER',
        'This cluster is in no federation',
        'Join one: `isthmus join TOKEN`.',
      ),
    ];
  }
  const { store, stale, fromCache, pendingWrites, revision } = client.status;
  const findings: Finding[] = membership.problems.map((problem) => fromError('registry', problem));
  if (store.kind === 'unavailable') {
    findings.push(
      warning(
        'registry',
        'REGISTRY_UNAVAILABLE',
        `The registry does not answer: ${store.reason}`,
        'Traffic keeps flowing from the last good snapshot. Check the registry and the way to it.',
      ),
    );
  } else if (stale) {
    findings.push(
      warning(
        'registry',
        'REGISTRY_STALE',
        'What is known could not be confirmed yet',
        'Wait a moment and check again.',
      ),
    );
  }
  if (fromCache) {
    findings.push(
      warning(
        'registry',
        'REGISTRY_FROM_CACHE',
        'The gateway serves from the snapshot on disk',
        'Bring the registry back.',
      ),
    );
  }
  if (pendingWrites > 0) {
    findings.push(
      warning(
        'registry',
        'REGISTRY_PENDING',
        `${pendingWrites} writes wait for the registry`,
        'They are written as soon as it answers.',
      ),
    );
  }
  if (findings.length === 0)
    findings.push(ok('registry', 'REGISTRY_OK', `In step at revision ${revision}`));
  return findings;
}

function certificates({ identity, clock }: Gateway): Finding[] {
  const { notBefore, notAfter } = identity.leaf.current;
  const left = notAfter - clock.now();
  const root = identity.authority.root.validToDate.getTime() - clock.now();
  const findings: Finding[] = [];
  // It is renewed at half its life: much less left means that renewals fail.
  if (left < (notAfter - notBefore) / 4) {
    const level = left <= 0 ? error : warning;
    findings.push(
      level(
        'certificates',
        'CERT_EXPIRING',
        `The gateway's certificate has ${age(left)} left`,
        'Look in the log for why it is not renewed.',
      ),
    );
  }
  if (root < rootWarningMs) {
    findings.push(
      warning(
        'certificates',
        'ROOT_EXPIRING',
        `The cluster's root has ${age(root)} left`,
        'Plan its rotation.',
      ),
    );
  }
  if (findings.length === 0) {
    findings.push(
      ok('certificates', 'CERT_OK', `The certificate has ${age(left)} left, the root ${age(root)}`),
    );
  }
  return findings;
}

/** Asks a gateway of each other cluster what time it is. */
async function clocks(gateway: Gateway, others: readonly ClusterView[]): Promise<Finding[]> {
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
    findings.push(
      ok(
        'clock',
        'CLOCK_OK',
        `In step with ${asked} of ${others.length} other clusters, the rest not asked or silent`,
      ),
    );
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

function peers({ links }: Gateway, others: readonly ClusterView[]): Finding[] {
  const findings: Finding[] = [];
  for (const { cluster, synced } of others) {
    const { state, rttMs } = links.state(cluster);
    if (state !== 'up') {
      const why = links
        .details(cluster)
        .flatMap((link) => (link.why ? [`${link.address}: ${link.why}`] : []))[0];
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

function bundles({ membership, clock }: Gateway, others: readonly ClusterView[]): Finding[] {
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
    : [ok('bundles', 'BUNDLE_OK', `The bundles of ${others.length} other clusters are believed`)];
}

function services(gateway: Gateway): Finding[] {
  const findings: Finding[] = [];
  let checked = 0;
  for (const service of gateway.catalog.services()) {
    checked++;
    const endpoints = gateway.endpoints(service);
    const healthy = endpoints.filter(
      ({ health }) => health === 'healthy' || health === 'degraded',
    ).length;
    if (healthy === endpoints.length) continue;
    const level = healthy === 0 ? error : warning;
    findings.push(
      level(
        'services',
        'SERVICE_UNHEALTHY',
        `${parseServiceName(service)}: ${healthy} of ${endpoints.length} endpoints are healthy here`,
        `See why: isthmus get endpoints ${service}`,
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('services', 'SERVICE_OK', `All endpoints of ${checked} services are healthy`)];
}

function ok(layer: Finding['layer'], code: string, what: string): Finding {
  return { layer, level: 'ok', code, what };
}

function warning(layer: Finding['layer'], code: string, what: string, fix: string): Finding {
  return { layer, level: 'warning', code, what, fix };
}

function error(layer: Finding['layer'], code: string, what: string, fix: string): Finding {
  return { layer, level: 'error', code, what, fix };
}

function fromError(layer: Finding['layer'], { code, message, where, fix }: IsthmusError): Finding {
  return {
    layer,
    level: 'error',
    code,
    what: message,
    ...(where === undefined ? {} : { where }),
    fix,
  };
}

function age(ms: number): string {
  const hours = ms / 3600_000;
  if (hours < 48) return `${Math.max(0, hours).toFixed(1)} h`;
  return `${Math.floor(hours / 24)} days`;
}
