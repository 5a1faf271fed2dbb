/** Owns the layer of a check that looks whether it will be known who changed what. */
import type { AuditTrail } from '../audit/trail.ts';
import { type Finding, fromError, ok } from './finding.ts';

export interface AuditedParts {
  readonly auditTrail: Pick<AuditTrail, 'forwarding' | 'problems'>;
}

export function audit({ auditTrail }: AuditedParts): Finding[] {
  const { forwarding, problems } = auditTrail;
  if (problems.length > 0) return problems.map((problem) => fromError('audit', problem));
  const receivers = forwarding.map(({ kind, waiting }) =>
    waiting === 0 ? kind : `${kind} (${waiting} wait)`,
  );
  const sent = receivers.length > 0 ? `, and is sent to ${receivers.join(' and ')}` : '';
  return [ok('audit', 'AUDIT_OK', `What is changed is kept on disk${sent}`)];
}
