/** Owns going through a list of any length without holding up others: in slices, after each of which whatever waits has its turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../core/clock.ts';

/** A slice ends with the item that is had after so many milliseconds. */
const sliceMs = 10;

/**
 * All items, as `after` gives those after a key, in their order. What comes, goes or changes meanwhile may be among them as it was or as
 * it is; none of the others is missing, or there twice.
 */
export async function inSlices<I>(
  after: (key: string | undefined) => Iterable<I>,
  keyOf: (item: I) => string,
  clock: Pick<Clock, 'monotonic'>,
): Promise<I[]> {
  const all: I[] = [];
  for (let more = true; more; ) {
    const last = all.at(-1);
    const begun = clock.monotonic();
    more = false;
    for (const item of after(last && keyOf(last))) {
      all.push(item);
      more = clock.monotonic() - begun >= sliceMs;
      if (more) break;
    }
    if (more) await nextTurn();
  }
  return all;
}
