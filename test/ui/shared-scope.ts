/** Owns what several tests of a file stand on: set up once, torn down after the last, in the opposite order. */
import type { TestFn } from 'ava';
import type { Scope } from '../support/gateway-process.ts';

/** To be given to whatever wants a test's context for its teardown. */
export function sharedScope(test: TestFn): Scope {
  const teardowns: (() => unknown)[] = [];
  const scope = {
    passed: true,
    log: Object.assign(() => {}, { skip: () => {} }),
    teardown(fn: () => unknown) {
      teardowns.push(fn);
    },
  };
  test.after.always(async () => {
    for (const teardown of teardowns.reverse()) await teardown();
  });
  return scope as Scope;
}
