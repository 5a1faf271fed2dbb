/** Owns the gateway's look at itself: layer by layer, what is fine, what is not, and what to do about it. */
import { parseServiceName } from '../../core/names.ts';
import type { Finding } from '../admin/answers.ts';
import type { Gateway } from '../gateway.ts';
import { bundles, clocks, peers } from './clusters.ts';
import { age, error, fromError, ok, rootWarningMs, warning } from './finding.ts';
import { ingressCertificates, unreachableRoutes } from './ingress.ts';

/** Findings of every layer; each layer says at least that it is fine. */
export async function checkGateway(gateway: Gateway): Promise<Finding[]> {
  const others = [...gateway.snapshot.clusters.values()].filter(
    ({ cluster }) => cluster !== gateway.config.cluster,
  );
  return [
    ...config(gateway),
    ...registry(gateway),
    ...certificates(gateway),
    ...ingress(gateway),
    ...(await clocks(gateway, others)),
    ...(await peers(gateway, others)),
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
        'Join one: `isthmus join --token-file FILE`.',
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

function ingress({ config, ingressCertificates: files, clock }: Gateway): Finding[] {
  return [
    ...unreachableRoutes(config.ingress, files.current),
    ...ingressCertificates(files.states, clock.now()),
  ];
}

function services(gateway: Gateway): Finding[] {
  const findings: Finding[] = [];
  let checked = 0;
  for (const service of gateway.catalog.services()) {
    checked++;
    const endpoints = gateway.services.endpoints(service);
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
        `See why: \`isthmus get endpoints --service ${service}\`.`,
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('services', 'SERVICE_OK', `All endpoints of ${checked} services are healthy`)];
}
