/** Owns an entry of the audit, as tests make it. */
import type { AuditDraft } from '../../../../gateway/control/audit/entry.ts';

export const draft: AuditDraft = {
  who: 'alice',
  via: 'token',
  role: 'operator',
  from: '10.0.0.9',
  method: 'POST',
  path: '/v1/drills',
  status: 201,
};
