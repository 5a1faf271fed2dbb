/** Owns the findings on trust between this federation and others: the bundles that are taken from them, and the endpoint that gives this one's. */

import type { Clock } from '../../../core/clock.ts';
import { roughSpan } from '../../../core/rough-span.ts';
import type { CertificateState } from '../certificates/ingress-certificates.ts';
import type { BundleEndpoint } from '../foreign/bundle-endpoint.ts';
import type { ForeignBundles, ForeignStanding } from '../foreign/foreign-bundles.ts';
import { age, error, type Finding, fromError, ok, warning } from './finding.ts';

/** The parts of a gateway that trust, and are trusted by, those outside. */
export interface ForeignParts {
  readonly bundleEndpoint: Pick<BundleEndpoint, 'certificate'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly foreignBundles: Pick<ForeignBundles, 'standings'>;
}

/** Roots of others may live for a day: with less than this left, the next one should have been published. */
const rootWarningMs = 3600_000;
const certificateWarningMs = 30 * 24 * 3600_000;

export function foreign({ bundleEndpoint, clock, foreignBundles }: ForeignParts): Finding[] {
  const now = clock.now();
  const { certificate } = bundleEndpoint;
  return [
    ...foreignBundles.standings.flatMap((standing) => findingsOf(standing, now)),
    ...(certificate ? endpointCertificate(certificate, now) : []),
  ];
}

function findingsOf({ config, believed, problem }: ForeignStanding, now: number): Finding[] {
  const { trustDomain } = config;
  const where = `trust.foreign ${trustDomain}`;
  if (believed === undefined) {
    if (problem) return [fromError('bundles', problem)];
    const fix = 'Wait for the first answer of its endpoint.';
    return [
      {
        ...warning(
          'bundles',
          'FOREIGN_BUNDLE_UNKNOWN',
          `No bundle of ${trustDomain} is known yet: nobody of it is believed`,
          fix,
        ),
        where,
      },
    ];
  }
  const { roots, sequence } = believed.bundle;
  const had =
    believed.at === undefined ? 'only from its file' : `${roughSpan(now - believed.at)} ago`;
  const found: Finding[] = [];
  if (problem) {
    const what = `The bundle of ${trustDomain} could not be had anew, and was had ${had}: ${problem.message}`;
    found.push({ ...warning('bundles', problem.code, what, problem.fix), where });
  }
  if (roots.length === 0) {
    const what = `${trustDomain} revokes all of its identities: its bundle has no keys`;
    const fix = 'Ask its administrators whether that is meant.';
    found.push({ ...warning('bundles', 'FOREIGN_BUNDLE_EMPTY', what, fix), where });
  } else {
    const left = Math.max(...roots.map((root) => root.validToDate.getTime())) - now;
    if (left < rootWarningMs) {
      const level = left <= 0 ? error : warning;
      const what =
        left <= 0
          ? `Every root of ${trustDomain} has expired`
          : `The last root of ${trustDomain} has ${age(left)} left`;
      const fix = 'Ask its administrators to publish the next one.';
      found.push({ ...level('bundles', 'FOREIGN_BUNDLE_EXPIRING', what, fix), where });
    }
  }
  if (found.length > 0) return found;
  return [
    ok(
      'bundles',
      'FOREIGN_BUNDLE_OK',
      `Believed: ${trustDomain}, sequence ${sequence}, had ${had}`,
    ),
  ];
}

function endpointCertificate(
  { where, notAfter, problem }: CertificateState,
  now: number,
): Finding[] {
  const found: Finding[] = problem ? [{ ...fromError('certificates', problem), where }] : [];
  const left = notAfter - now;
  if (left < certificateWarningMs) {
    const level = left <= 0 ? error : warning;
    const what =
      left <= 0
        ? 'The certificate of the bundle endpoint has expired'
        : `The certificate of the bundle endpoint has ${age(left)} left`;
    const fix = 'Put a new one in its place: it is read when the file changes.';
    found.push({ ...level('certificates', 'BUNDLE_ENDPOINT_CERT_EXPIRING', what, fix), where });
  }
  return found;
}
