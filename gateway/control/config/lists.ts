/** Owns lists in the configuration whose items have to differ. */
import type { z } from 'zod';

/** Refuses a list with two items of one name, at the `field` of the second. */
export function refuseTwice<T>(field: string, nameOf: (item: T) => string) {
  return (items: readonly T[], context: z.RefinementCtx): void => {
    const seen = new Set<string>();
    for (const [i, item] of items.entries()) {
      const name = nameOf(item);
      if (seen.has(name)) {
        context.addIssue({ code: 'custom', path: [i, field], message: `${name} is there twice` });
      }
      seen.add(name);
    }
  };
}
