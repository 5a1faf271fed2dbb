/** Owns orders of text: that in which people look for names, and that in which ids grow. */

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers in names by their size, so that dc2 comes before dc10. A total order: names that only look alike differ, too. */
export function byNaturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || byCodeUnits(a, b);
}

/** Orders text as `sort()` does without a comparison. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
