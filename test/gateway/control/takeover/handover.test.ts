/** Specifies what two processes of a takeover say to each other. */
import { PassThrough } from 'node:stream';
import test from 'ava';
import { handoverVariable, listenTo, say } from '../../../../gateway/control/takeover/handover.ts';
import { Predecessor } from '../../../../gateway/control/takeover/predecessor.ts';

test('a process that was started by itself has no predecessor', (t) => {
  t.is(Predecessor.from({}), undefined);
});

for (const text of ['', 'yes', '{}', '{"sockets":{"outbound":[0],"eastWest":[5]}}']) {
  test(`a handover that makes no sense is refused: ${JSON.stringify(text)}`, (t) => {
    const env = { [handoverVariable]: text };
    t.throws(() => Predecessor.from(env), { message: /^ISTHMUS_HANDOVER is not what a gateway/ });
    t.deepEqual(env as object, {}, 'nobody started from here gets it');
  });
}

test('words arrive whole, however their bytes come', async (t) => {
  const channel = new PassThrough();
  const heard: string[] = [];
  listenTo(channel, (word) => heard.push(word));
  channel.write('rea');
  channel.write('dy\nrel');
  channel.write('eased\n');
  say(channel, 'ready');
  await new Promise((resolve) => channel.end(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(heard, ['ready', 'released', 'ready']);
});
