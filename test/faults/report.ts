/** Owns the matrix in writing: for who ran it, and for docs/faults.md. */
import type { Counted } from './ledger.ts';
import type { Played } from './play.ts';

/** What `--json` writes. */
export interface Matrix {
  /** ISO 8601. */
  readonly at: string;
  readonly machine: string;
  readonly rows: readonly Played[];
}

const heads = [
  'fault',
  'requests',
  'GETs failed',
  'POSTs failed',
  'executed twice',
  'longest gap',
  'out of rotation',
  'recovered',
  'status',
  'check',
];

/** One row for each fault. What was in flight on what was lost is in brackets. */
export function markdown({ rows }: Pick<Matrix, 'rows'>): string {
  const lines = rows.map((row) => [
    row.faults.length === 0 ? row.title : `**${row.title}: fails**`,
    ...figures(row),
    codes(row.status),
    codes(row.check),
  ]);
  const rule = heads.map(() => '---');
  return [heads, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A row, and why it fails if it does, as it is printed when it is over. */
export function lineOf(row: Played): string {
  const [requests, gets, posts, twice, gap, away, recovered] = figures(row);
  const verdict = row.faults.length === 0 ? 'pass' : 'FAIL';
  const said = `status: ${row.status.join(' ') || '-'}; check: ${row.check.join(' ') || '-'}`;
  return [
    `${verdict}  ${row.name}: ${row.title}`,
    `      ${requests} requests, failed: ${gets} GETs, ${posts} POSTs; twice: ${twice}; longest gap ${gap}; out of rotation ${away}; recovered ${recovered}`,
    `      ${said}`,
    ...row.faults.map((fault) => `      - ${fault}`),
    ...(row.faults.length === 0 ? [] : row.examples.map((one) => `        ${one}`)),
  ].join('\n');
}

function figures(row: Played): readonly string[] {
  const { GET, POST } = row.failed;
  const executed = row.executedThoughFailed > 0 ? `, ${row.executedThoughFailed} executed` : '';
  const twice = {
    onLost: row.twice.GET.onLost + row.twice.POST.onLost,
    other: row.twice.GET.other + row.twice.POST.other,
  };
  return [
    String(row.requests),
    counted(GET),
    `${counted(POST)}${executed}`,
    counted(twice),
    seconds(row.longestGapMs),
    seconds(row.outOfRotationMs),
    seconds(row.recoveredMs),
  ];
}

function counted({ onLost, other }: Counted): string {
  return onLost === 0 ? String(other) : `${other} (${onLost})`;
}

function seconds(ms: number | undefined | null): string {
  return ms === undefined || ms === null ? '-' : `${(ms / 1000).toFixed(1)} s`;
}

function codes(some: readonly string[]): string {
  return some.map((code) => `\`${code}\``).join(' ') || '-';
}
