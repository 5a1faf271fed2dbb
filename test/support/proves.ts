/** Owns what tests say of keys of the configuration: that they take them from YAML to what they do. */
import type { ExecutionContext } from 'ava';
import { keysIn } from '../gateway/control/config/keys.ts';
import { leftOut, written } from './written.ts';

export const passedWithout = 'passed without';

/**
 * Said at the end of a test that starts a gateway from YAML with each of these keys, and has seen, from outside, what each
 * of them does. It is found by its text: `keys/proofs.test.ts` wants one for every key there is.
 */
export function proves(
  t: Pick<ExecutionContext, 'deepEqual' | 'title'>,
  ...keys: readonly string[]
): void {
  const known = new Set(written.flatMap((config) => [...keysIn(config)].map(({ key }) => key)));
  const missing = keys.filter((key) => !known.has(key) && key !== leftOut);
  t.deepEqual(missing, [], 'no gateway of this file was configured with these keys');
  if (keys.some((key) => key === leftOut)) console.error(`${t.title}: ${passedWithout} ${leftOut}`);
}
