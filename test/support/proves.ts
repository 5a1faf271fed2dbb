/** Owns what tests say of keys of the configuration: that they take them from YAML to what they do. */
import type { ExecutionContext } from 'ava';
import { keysIn } from '../gateway/control/config/keys.ts';

/** Those in the YAML of the gateways of this file's tests. */
const written = new Set<string>();

/** A key that no gateway is to have: no test that proves it may pass then, as `keys/try.ts` tries. */
const leftOut = process.env['ISTHMUS_TEST_WITHOUT'];
export const passedWithout = 'passed without';

/** Notes the keys of a configuration that a gateway is to be started with. */
export function noteWritten(config: object): void {
  for (const { key, holder, name } of [...keysIn(config)]) {
    written.add(key);
    if (key === leftOut) delete holder[name];
  }
}

/**
 * Said at the end of a test that starts a gateway from YAML with each of these keys, and has seen, from outside, what each
 * of them does. It is found by its text: `keys/proofs.test.ts` wants one for every key there is.
 */
export function proves(
  t: Pick<ExecutionContext, 'deepEqual' | 'title'>,
  ...keys: readonly string[]
): void {
  const missing = keys.filter((key) => !written.has(key));
  t.deepEqual(missing, [], 'no gateway of this file was configured with these keys');
  if (keys.some((key) => key === leftOut)) console.error(`${t.title}: ${passedWithout} ${leftOut}`);
}
