/** Owns the metrics of how this gateway sees each other cluster, as it found last. */
import type { Cell, Row } from '../verify/row.ts';
import { type Family, gauge, type Measured } from './family.ts';

export function verifyMetrics({ cells }: Row): Family[] {
  if (cells.length === 0) return [];
  const each = (value: (cell: Cell) => number | undefined): Measured[] =>
    cells.flatMap((cell): Measured[] => {
      const measured = value(cell);
      return measured === undefined ? [] : [[{ destination_cluster: cell.to }, measured]];
    });
  return [
    gauge(
      'isthmus_verify_ok',
      'Whether what was looked at in another cluster is as it should be; absent where it could not be looked at.',
      cells.flatMap(({ to, findings }) =>
        findings
          .filter(({ outcome }) => outcome !== 'unknown')
          .map(
            ({ subject, outcome }): Measured => [
              { destination_cluster: to, subject },
              Number(outcome === 'ok'),
            ],
          ),
      ),
    ),
    gauge(
      'isthmus_verify_rtt_seconds',
      'Median of some round trips to another cluster, at its nearest address.',
      each(({ rttMs }) => rttMs && rttMs / 1000),
    ),
    gauge(
      'isthmus_verify_clock_offset_seconds',
      'How far the clock of another cluster is ahead of ours; negative: behind.',
      each(({ offsetMs }) => offsetMs && offsetMs / 1000),
    ),
    gauge(
      'isthmus_verify_bandwidth_bytes_per_second',
      'What a transfer from another cluster came to, where that was asked for last.',
      each(({ bytesPerSecond }) => bytesPerSecond),
    ),
    gauge(
      'isthmus_verify_timestamp_seconds',
      'When another cluster was looked at last, in seconds since 1970.',
      each(({ at }) => at / 1000),
    ),
  ];
}
