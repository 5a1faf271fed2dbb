/** Owns waiting in tests until something stands still: in turns of the event loop that all of the world shares, not in time. */
import { setImmediate as turn } from 'node:timers/promises';
import { until } from './until.ts';

/** Turns without a change after which it stands still: octets on their way over loopback need a few. */
const turns = 500;

/** Resolves to `count`, above 0, once it does not change any more. */
export function standStill(what: string, count: () => number): Promise<number> {
  return until(`${what} stands still`, async () => {
    const before = count();
    for (let n = 0; n < turns; n++) {
      await turn();
      if (count() !== before) return undefined;
    }
    return before > 0 ? before : undefined;
  });
}
