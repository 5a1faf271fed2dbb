/** Owns windows in which no drill begins, as lines of text: `fri,sat 12:00 to 24:00`, `2026-12-20T00:00Z to 2027-01-07T00:00Z`. */
import type { Blackout } from '../../api/standing.ts';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Day = (typeof days)[number];

const weekly = /^(?:([a-z, ]+?)\s+)?(\d\d:\d\d)\s+to\s+(\d\d:\d\d)$/i;
const single = /^(\d{4}-\d\d-\d\dT\S+)\s+to\s+(\d{4}-\d\d-\d\dT\S+)$/i;

type ParsedBlackouts =
  | { readonly ok: true; readonly blackouts: readonly Blackout[] }
  | { readonly ok: false; readonly why: string };

/** One window a line; empty lines count for nothing. The gateway looks at the times themselves. */
export function parseBlackouts(text: string): ParsedBlackouts {
  const blackouts: Blackout[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const blackout = parseLine(line);
    if (blackout === undefined) return { ok: false, why: `“${line}” is no window of time` };
    blackouts.push(blackout);
  }
  return { ok: true, blackouts };
}

export function blackoutText(blackout: Blackout): string {
  const { from, until } = blackout;
  if (!('days' in blackout) || blackout.days.length === days.length) return `${from} to ${until}`;
  return `${blackout.days.join(',')} ${from} to ${until}`;
}

function parseLine(line: string): Blackout | undefined {
  const [, from, until] = single.exec(line) ?? [];
  if (from !== undefined && until !== undefined) return { from, until };
  const [, names, begin, end] = weekly.exec(line) ?? [];
  if (begin === undefined || end === undefined) return undefined;
  const named = names
    ?.toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean) ?? [...days];
  if (!named.every((name): name is Day => (days as readonly string[]).includes(name))) {
    return undefined;
  }
  return { days: named, from: begin, until: end };
}
