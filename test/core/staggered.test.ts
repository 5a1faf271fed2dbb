/** Specifies several ways to one thing, tried in turn. */
import test from 'ava';
import { staggered } from '../../core/staggered.ts';
import { ManualClock } from '../support/manual-clock.ts';

function scene() {
  const clock = new ManualClock();
  const tried: string[] = [];
  const dropped: string[] = [];
  const way = (name: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const go = () => {
      tried.push(name);
      return promise;
    };
    return { go, succeed: () => resolve(name), fail: () => reject(new Error(name)) };
  };
  const [a, b, c] = [way('a'), way('b'), way('c')];
  const got = staggered(clock, [a.go, b.go, c.go], (late) => dropped.push(late));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, tried, dropped, a, b, c, got, settle };
}

test('the first that succeeds is it, and no other is tried', async (t) => {
  const { clock, tried, a, got } = scene();
  a.succeed();
  t.is(await got, 'a');
  clock.advance(1_000);
  t.deepEqual(tried, ['a']);
});

test('one that fails has the next tried at once; one that takes its time, after 250 ms', async (t) => {
  const { clock, tried, dropped, a, b, c, got, settle } = scene();
  a.fail();
  await settle();
  t.deepEqual(tried, ['a', 'b']);
  clock.advance(249);
  t.is(tried.length, 2);
  clock.advance(1);
  t.deepEqual(tried, ['a', 'b', 'c']);
  c.succeed();
  t.is(await got, 'c');
  b.succeed();
  await settle();
  t.deepEqual(dropped, ['b'], 'what comes late is dropped');
});

test('when all have failed, the failure of the first is told', async (t) => {
  const { clock, a, b, c, got } = scene();
  clock.advance(250);
  clock.advance(250);
  c.fail();
  b.fail();
  a.fail();
  t.is((await t.throwsAsync(got))?.message, 'a');
});
