/** Owns the operation that shows the audit: who changed, or tried to change, what. */
import { z } from 'zod';
import { byCodeUnits } from '../../../../core/text-order.ts';
import type { Audit, AuditEntry } from '../../audit/audit.ts';
import { isSelected, outcomes } from '../../audit/selection.ts';
import { listing } from '../list.ts';
import type { Operation } from '../operation.ts';
import { auditItemSchema } from '../schema/audit.ts';

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .optional();
const text = z.string().min(1).max(256).optional();

export function auditOperation(audit: Pick<Audit, 'find'>): Operation {
  return listing({
    path: '/v1/audit',
    id: 'listAudit',
    tag: 'Journal',
    summary:
      'Who changed, or tried to change, what; oldest first. Without `since` and `after` of the last 1,000 entries, else of all that are kept',
    role: 'viewer',
    query: {
      after: z.string().max(64).optional().describe('Id of an entry: only later ones'),
      since: time.describe('Only those of this moment or later: 2026-11-29T20:00:00Z'),
      until: time.describe('Only those of this moment or earlier'),
      actor: text.describe('Only those whose caller has this in its name'),
      operation: text.describe('Only those of this operation: `putTrafficPolicy`'),
      resource: text.describe('Only those that have this in their object or path'),
      outcome: z
        .enum(outcomes)
        .optional()
        .describe('Only those that were done, refused (4xx), or that failed (5xx)'),
    },
    item: auditItemSchema,
    key: ({ id }) => id,
    order: byCodeUnits,
    page({ query }, { after = query.after, limit }) {
      const { since, until } = query;
      const matches = (entry: AuditEntry) => isSelected(entry, query);
      return audit.find({ since, until, after, limit, matches });
    },
  });
}
