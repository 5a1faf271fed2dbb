/** Owns the metrics of the audit: what is missing of it here, and what became of it on its way elsewhere. */
import type { AuditTrail } from '../audit/trail.ts';
import { counter, type Family, gauge } from './family.ts';

export function auditMetrics({
  audit,
  forwarding,
}: Pick<AuditTrail, 'forwarding'> & {
  readonly audit: Pick<AuditTrail['audit'], 'missing'>;
}): Family[] {
  return [
    counter(
      'isthmus_audit_entries_missing_total',
      'Entries that are not in the audit, or not on disk: left out because strangers caused too many, lost to a full disk, or cut short by a crash.',
      Object.entries(audit.missing).map(([why, count]) => [{ why }, count]),
    ),
    counter(
      'isthmus_audit_forwarded_total',
      'Entries of the audit by what became of them on their way to a receiver.',
      forwarding.flatMap(({ kind, sent, dropped }) => [
        [{ receiver: kind, outcome: 'sent' }, sent] as const,
        [{ receiver: kind, outcome: 'dropped' }, dropped] as const,
      ]),
    ),
    gauge(
      'isthmus_audit_waiting',
      'Entries of the audit that a receiver has not taken yet.',
      forwarding.map(({ kind, waiting }) => [{ receiver: kind }, waiting]),
    ),
  ];
}
