/** Owns what the admin API is made over: the parts of a gateway that it shows and acts on. */
import type { Audit } from '../events/audit.ts';
import type { Journal } from '../events/journal.ts';
import type { Control } from './control.ts';
import type { ReadMetrics } from './operations/metrics.ts';
import type { TrafficSource } from './operations/traffic.ts';

export interface AdminParts {
  readonly control: Control;
  readonly traffic: TrafficSource;
  readonly journal: Journal;
  readonly audit: Pick<Audit, 'items' | 'record'>;
  readonly metrics: ReadMetrics;
}
