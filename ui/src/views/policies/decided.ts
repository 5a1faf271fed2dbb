/** Owns how many requests were decided by a policy, in words. */

/** `3 refused, 1 counted`; empty where none was. */
export function decidedText(decided: Readonly<Record<string, number>>): string {
  return Object.entries(decided)
    .map(([outcome, requests]) => `${requests} ${outcome}`)
    .join(', ');
}
