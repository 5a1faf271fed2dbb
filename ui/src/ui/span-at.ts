/** Owns the formula for the rows of a list that are in sight, as a pure function. */

/** Rows from `first` up to, not including, `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** Kept ready above and below: what a turn of the wheel, or a few keys, lead to. */
const spare = 12;

/** `top` is where the list begins, relative to the top of a screen of `screen` pixels; each row is `height` high. */
export function spanAt({
  top,
  screen,
  height,
  rows,
}: {
  readonly top: number;
  readonly screen: number;
  readonly height: number;
  readonly rows: number;
}): Span {
  const seen = Math.ceil(screen / height);
  const most = Math.max(0, rows - seen - spare);
  const first = Math.min(most, Math.max(0, Math.floor(-top / height) - spare));
  return { first, end: Math.min(rows, first + seen + 2 * spare) };
}
