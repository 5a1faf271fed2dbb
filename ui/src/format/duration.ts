/** Owns durations as people write them to the API: `250ms`, `5s`, `2m`, `1h`. */

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const size = unitMs[match?.[2] ?? ''];
  return match === null || size === undefined ? undefined : Number(match[1]) * size;
}

/** Why a text is no duration; undefined where it is one. */
export function durationFault(text: string): string | undefined {
  return parseDuration(text) === undefined ? 'Write a duration as 250ms, 10s or 2m' : undefined;
}
