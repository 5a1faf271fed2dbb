/** Owns how numbers are said to a person: spans of time, moments, shares, counts. */

/** `3 d 4 h`, `2 h 5 min`, `12 s`: the two largest units that count. */
export function span(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const;
  const first = units.findIndex(([, size]) => ms >= size);
  if (first === -1) return `${Math.max(0, Math.round(ms))} ms`;
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

/** A moment given as wall milliseconds or a date text, as `2026-11-21 09:00:00Z`. */
export function moment(at: string | number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** `0.4 ms`, `12 ms`; undefined for what was never measured. */
export function rtt(ms: number | null | undefined): string | undefined {
  if (ms === undefined || ms === null) return undefined;
  return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
}

/** `33.3 %`, with a decimal only where it says something. */
export function percent(share: number): string {
  return `${Number(share.toFixed(1))} %`;
}

/** `1 endpoint`, `3 endpoints`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
