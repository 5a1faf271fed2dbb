/** Owns the order of names as people count: dc2 before dc10. */
const collator = new Intl.Collator('en', { numeric: true });

export const naturally = (a: string, b: string): number => collator.compare(a, b);
