/** Specifies who is told of what. */
import test from 'ava';
import { Subscribers } from '../../core/subscribers.ts';

test('every subscriber is told, in order of coming, until they stop', (t) => {
  const subscribers = new Subscribers<[name: string, count: number]>();
  const heard: string[] = [];
  const stop = subscribers.add((name, count) => heard.push(`first ${name} ${count}`));
  subscribers.add((name, count) => heard.push(`second ${name} ${count}`));
  subscribers.tell('a', 1);
  stop();
  stop();
  subscribers.tell('b', 2);
  subscribers.clear();
  subscribers.tell('c', 3);
  t.deepEqual(heard, ['first a 1', 'second a 1', 'second b 2']);
});

test('one who stops on being told keeps nobody else from hearing', (t) => {
  const subscribers = new Subscribers();
  let heard = 0;
  const stop = subscribers.add(() => stop());
  subscribers.add(() => heard++);
  subscribers.tell();
  subscribers.tell();
  t.is(heard, 2);
});
