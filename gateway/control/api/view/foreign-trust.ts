/** Owns how the admin API shows the bundle of a trust domain outside of the federation. */
import { fingerprintOf } from '../../../../certs/x509.ts';
import type { ForeignStanding } from '../../foreign/foreign-bundles.ts';
import type { ForeignTrustItem } from '../answers.ts';
import { problemItem } from './problem.ts';

export function foreignTrustItem({
  config,
  believed,
  problem,
  nextAt,
}: ForeignStanding): ForeignTrustItem {
  const { trustDomain, url, profile } = config;
  return {
    ...{ trustDomain, url, profile },
    state: believed === undefined ? 'unknown' : problem ? 'failing' : 'current',
    ...(believed && {
      sequence: believed.bundle.sequence,
      refreshHint: believed.bundle.refreshHintSeconds,
    }),
    roots: (believed?.bundle.roots ?? []).map((root) => ({
      fingerprint: fingerprintOf(root.raw),
      notAfter: root.validToDate.getTime(),
    })),
    ...(believed?.at !== undefined && { fetchedAt: believed.at }),
    ...(nextAt !== undefined && { nextAt }),
    ...(problem && { problem: problemItem(problem) }),
  };
}
