/** Owns points in time and spans as text. */

/** A moment as the API tells it: ISO 8601 or milliseconds since 1970. */
export type Instant = string | number;

export function epoch(at: Instant): number {
  if (typeof at === 'number') return at;
  return /^\d+$/.test(at) ? Number(at) : Date.parse(at);
}

/** `12:03:10` today, else `Nov 21, 12:03:10`; in the reader's zone. */
export function clockTime(at: Instant, now: number): string {
  const date = new Date(epoch(at));
  const sameDay = date.toDateString() === new Date(now).toDateString();
  return date.toLocaleString('en', {
    ...(sameDay ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

/** `Nov 21, 2026` */
export function day(at: Instant): string {
  return new Date(epoch(at)).toLocaleDateString('en', {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  });
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

const yearMs = 365.25 * 86_400_000;

/** Whole years from two on, else the two largest units: `10 y`, `3 d 4 h`, `2 min 5 s`, `4 s`. */
export function span(milliseconds: number): string {
  if (milliseconds >= 2 * yearMs) return `${Math.round(milliseconds / yearMs)} y`;
  let left = Math.max(0, Math.floor(milliseconds / 1_000) * 1_000);
  const parts: string[] = [];
  for (const [name, size] of units) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount > 0 || (name === 's' && parts.length === 0)) parts.push(`${amount} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** `4 s ago`, `in 3 d`, `now`. */
export function relative(at: Instant, now: number): string {
  const distance = epoch(at) - now;
  if (Math.abs(distance) < 1_000) return 'now';
  return distance > 0 ? `in ${span(distance)}` : `${span(-distance)} ago`;
}
