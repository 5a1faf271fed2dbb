/** Owns the metrics of what was shown to this gateway, or stands in the registry, and is not believed. */
import type { RefusedRecord } from '../../../registry/record-reader.ts';
import type { TokenRefusals } from '../membership/token-refusals.ts';
import { counter, type Family } from './family.ts';

interface Refusals {
  readonly tokens: Pick<TokenRefusals, 'counts'>;
  readonly records: readonly RefusedRecord[];
}

export function refusalMetrics({ tokens, records }: Refusals): Family[] {
  return [
    counter(
      'isthmus_tokens_refused_total',
      'Join tokens and gateway tokens that were shown to this gateway and refused.',
      [...tokens.counts].map(([code, count]) => [{ code }, count]),
    ),
    counter(
      'isthmus_registry_records_refused_total',
      'Records that the registry had and that were not believed; what was there before stays in force.',
      records.map(({ kind, code, count }) => [{ kind, code }, count]),
    ),
  ];
}
