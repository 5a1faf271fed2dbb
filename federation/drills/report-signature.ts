/** Owns the proof that a report comes from the cluster that drove the drill. */
import type { X509Certificate } from 'node:crypto';
import { parseFederationName } from '../../core/names.ts';
import { encodeDrillKey } from '../../registry/drill-keys.ts';
import { type Signer, signRecord, verifyRecord } from '../../registry/signing.ts';
import type { Report } from './model.ts';

/** The report with its cluster's signature, which holds wherever the report is kept. */
export function signReport(report: Report, signer: Signer): Report {
  return signRecord(reportKey(report), report, signer);
}

/** Verifies a report as it was written down. Throws RECORD_UNSIGNED unless one of the roots of its cluster signed all of it. */
export function verifyReport(report: Report, roots: readonly X509Certificate[]): void {
  verifyRecord(reportKey(report), report, roots);
}

function reportKey({ id, federation, driver }: Report): string {
  const drill = { kind: 'runs', cluster: driver.cluster, id } as const;
  return `${encodeDrillKey(parseFederationName(federation), drill)}/report`;
}
