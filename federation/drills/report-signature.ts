/** Owns the proof that a report comes from the cluster that drove the drill, or that looked on where the driver was lost. */
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import { type ClusterName, parseFederationName } from '../../core/names.ts';
import { encodeDrillKey } from '../../registry/drill-keys.ts';
import { type Signer, signRecord } from '../../registry/signing.ts';
import { type Report, reportSchema } from './model.ts';

/** The report with its cluster's signature, which holds wherever the report is kept. */
export function signReport(report: Report, signer: Signer): Report {
  return signRecord(reportKey(report), report, signer);
}

/** The proof of a report: who signed all of it, by which root. */
export interface ReportProof {
  readonly id: string;
  readonly cluster: ClusterName;
  /** SHA-256 of the root certificate's DER, base64url. */
  readonly root: string;
}

/**
 * Verifies a report as it was written down: parsed JSON that no schema has stripped. `verify` throws unless a cluster
 * signed a record. Throws BODY_INVALID for what is no report, and REPORT_FORGED.
 */
export function verifyReport(
  raw: unknown,
  verify: (cluster: ClusterName, key: string, raw: unknown) => void,
): ReportProof {
  const parsed = reportSchema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new IsthmusError('BODY_INVALID', {
      what: `This is no report: ${issue?.message ?? 'it is of another shape'}`,
      where: issue?.path.join('.') || undefined,
      fix: 'Give the JSON of a report, as `isthmus drill report ID -o json` prints it.',
    });
  }
  const report = parsed.data;
  const { cluster } = report.witness ?? report.driver;
  try {
    verify(cluster, reportKey(report), raw);
  } catch (thrown) {
    const cause = asIsthmusError(thrown);
    throw new IsthmusError('REPORT_FORGED', {
      what: `The report on drill ${report.id} is not as ${cluster} signed it: ${cause.message}`,
      cause,
    });
  }
  return { id: report.id, cluster, root: report.signature?.keyId ?? '' };
}

function reportKey({ id, federation, driver, witness }: Report): string {
  const record = witness
    ? ({ kind: 'reports', cluster: witness.cluster, id } as const)
    : ({ kind: 'runs', cluster: driver.cluster, id } as const);
  return `${encodeDrillKey(parseFederationName(federation), record)}/report`;
}
