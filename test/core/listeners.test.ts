/** Specifies who is told of what. */
import test from 'ava';
import { Listeners } from '../../core/listeners.ts';

test('everybody who listens is told, in order of coming, until they stop', (t) => {
  const listeners = new Listeners<[name: string, count: number]>();
  const heard: string[] = [];
  const stop = listeners.add((name, count) => heard.push(`first ${name} ${count}`));
  listeners.add((name, count) => heard.push(`second ${name} ${count}`));
  listeners.tell('a', 1);
  stop();
  stop();
  listeners.tell('b', 2);
  listeners.clear();
  listeners.tell('c', 3);
  t.deepEqual(heard, ['first a 1', 'second a 1', 'second b 2']);
});

test('one who stops on being told keeps nobody else from hearing', (t) => {
  const listeners = new Listeners();
  let heard = 0;
  const stop = listeners.add(() => stop());
  listeners.add(() => heard++);
  listeners.tell();
  listeners.tell();
  t.is(heard, 2);
});
