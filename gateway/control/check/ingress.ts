/** Owns the check of the ingress: certificates that end, that can't be used, and hosts without one. */
import { systemClock } from '../../../core/clock.ts';
import { asIsthmusError } from '../../../core/errors.ts';
import { silentLog } from '../../../core/log.ts';
import type { AskedName } from '../../../core/names.ts';
import type { IngressCredentials } from '../../data/listen/credentials.ts';
import { HostTable } from '../../data/request/route/host-pattern.ts';
import {
  type CertificateState,
  IngressCertificates,
} from '../certificates/ingress-certificates.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { IngressConfig } from '../config/edge.ts';
import { age, error, type Finding, fromError, ok, warning } from './finding.ts';

/** A certificate that ends sooner is worth a warning: others make these, and that takes time. */
const expiryWarningMs = 30 * 24 * 3600_000;

/** Findings on the ingress of a configuration that no gateway runs yet. */
export async function checkIngress(
  { ingress, baseDir }: Pick<GatewayConfig, 'ingress' | 'baseDir'>,
  now: number,
): Promise<Finding[]> {
  let certificates: IngressCertificates;
  try {
    certificates = await IngressCertificates.open({
      ingress,
      baseDir,
      clock: systemClock,
      log: silentLog,
    });
  } catch (thrown) {
    return [fromError('certificates', asIsthmusError(thrown))];
  }
  certificates.stop();
  return [
    ...unreachableRoutes(ingress, certificates.current),
    ...ingressCertificates(certificates.states, now),
  ];
}

/** Findings on the certificates at wall time `now`; none without certificates. */
export function ingressCertificates(states: readonly CertificateState[], now: number): Finding[] {
  const findings = states.flatMap((state) => findingsOf(state, now));
  if (findings.length > 0 || states.length === 0) return findings;
  const left = Math.min(...states.map(({ notAfter }) => notAfter)) - now;
  const what = `The certificates of the ingress have at least ${age(left)} left`;
  return [ok('certificates', 'INGRESS_CERT_OK', what)];
}

function findingsOf({ where, notAfter, problem }: CertificateState, now: number): Finding[] {
  const findings: Finding[] = [];
  if (problem !== undefined) findings.push(fromError('certificates', problem));
  const left = notAfter - now;
  if (left <= 0) {
    const what = `The certificate expired on ${new Date(notAfter).toISOString()}`;
    findings.push({
      ...error('certificates', 'INGRESS_CERT_EXPIRED', what, 'Put a new one in its place.'),
      where,
    });
  } else if (left < expiryWarningMs) {
    const what = `The certificate has ${age(left)} left`;
    const fix = 'Put a new one in its place: it is read when the file changes.';
    findings.push({ ...warning('certificates', 'INGRESS_CERT_EXPIRING', what, fix), where });
  }
  return findings;
}

/** Warns of listeners and routes that lead clients from outside to services that nobody has. */
export function unservedTargets(
  { tcp, ingress }: Pick<GatewayConfig, 'tcp' | 'ingress'>,
  isServed: (service: AskedName) => boolean,
): Finding[] {
  const targets = [
    ...tcp.map(({ service }, i) => ({ service, where: `tcp.${i}` })),
    ...ingress.flatMap(({ routes, passthrough }, i) => [
      ...routes.map(({ service }, j) => ({ service, where: `ingress.${i}.routes.${j}` })),
      ...passthrough.map(({ service }, j) => ({ service, where: `ingress.${i}.passthrough.${j}` })),
    ]),
  ];
  return targets
    .filter(({ service }) => !isServed(service))
    .map(({ service, where }) => {
      const what = `It leads to ${service}, and nobody has such a service`;
      const fix = `Register an endpoint of ${service}, or correct the name.`;
      return { ...warning('config', 'INGRESS_SERVICE', what, fix), where };
    });
}

/** Warns of routes that nobody reaches, for no certificate is for their host. */
export function unreachableRoutes(
  ingress: readonly IngressConfig[],
  credentials: readonly IngressCredentials[],
): Finding[] {
  return ingress.flatMap(({ routes }, i) => {
    const covered = new HostTable<true>();
    const named = new Set<string>();
    for (const { hosts } of credentials[i]?.certificates ?? []) {
      for (const host of hosts) {
        covered.add(host, true);
        named.add(host);
      }
    }
    return routes.flatMap(({ host }, j) => {
      if (named.has(host) || covered.find(host) !== undefined) return [];
      const fix = `Add one to ingress.${i}.certificates, or ${host} to the hosts of one that is for it.`;
      const finding = warning('config', 'INGRESS_ROUTE', `No certificate is for ${host}`, fix);
      return [{ ...finding, where: `ingress.${i}.routes.${j}` }];
    });
  });
}
