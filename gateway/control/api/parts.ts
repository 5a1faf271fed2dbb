/** Owns what the admin API is made over: the parts of a gateway that it shows and acts on. */
import type { Audit } from '../audit/audit.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Journal } from '../events/journal.ts';
import type { Control } from './control.ts';
import type { ReadMetrics } from './operations/metrics.ts';
import type { TrafficSource } from './operations/traffic.ts';

export interface AdminParts {
  readonly control: Control;
  readonly traffic: TrafficSource;
  readonly journal: Journal;
  readonly auditTrail: Pick<AuditTrail, 'record'> & {
    readonly audit: Pick<Audit, 'find' | 'items' | 'onRecord'>;
  };
  readonly metrics: ReadMetrics;
}
