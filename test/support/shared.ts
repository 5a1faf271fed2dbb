/** Owns what the tests of one file share: made before the first of them, gone after the last. */
import type { TestFn } from 'ava';
import type { Scope } from './gateway-process.ts';

/** A scope that lasts as long as the tests of a file. */
export function sharedScope(test: TestFn): Scope {
  const teardowns: (() => unknown)[] = [];
  let passed = true;
  test.afterEach.always((t) => {
    passed &&= t.passed;
  });
  test.after.always('what the tests shared ends', async () => {
    for (const end of teardowns.reverse()) await end();
  });
  return {
    teardown: (end) => {
      teardowns.push(end);
    },
    log: console.log as Scope['log'],
    get passed() {
      return passed;
    },
  };
}
