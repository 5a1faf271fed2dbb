/** Owns when this cluster was admitted last: by that it tells a departure that is over from one that is not. */
import { verifySignature } from '../certs/signature.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import type { BundleRecord } from '../registry/model.ts';
import type { Beliefs } from './beliefs.ts';
import { admissionBytes } from './statements.ts';

export class OwnAdmission {
  /** Wall milliseconds by the clock of who admitted it; 0 for the founder, and before its record was seen. */
  at = 0;

  /** Reads the own bundle's record. The admission is beside what this cluster signed: it counts by the word of the member that gave it. */
  note(
    { admission }: Pick<BundleRecord, 'admission'>,
    federation: FederationName,
    cluster: ClusterName,
    { bundles }: Pick<Beliefs, 'bundles'>,
  ): void {
    const voucher = admission && bundles.get(admission.by);
    if (!admission || !voucher || admission.by === cluster) return;
    const { by, fingerprint, at, signature } = admission;
    const statement = admissionBytes({ federation, cluster, fingerprint, by, at });
    if (verifySignature(voucher.bundle.roots, statement, signature))
      this.at = Math.max(this.at, at);
  }
}
