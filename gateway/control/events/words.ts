/** Owns how events name several things at once. */

/** More names than this say nothing to a person. */
const mostNames = 5;

/** `a, b and c`; of many the first few, and how many more. */
export function listed(names: readonly string[]): string {
  if (names.length > mostNames) {
    return `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`;
  }
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
