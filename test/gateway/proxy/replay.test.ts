/** Specifies a request body that can be sent more than once. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { ReplayBody, replayLimit } from '../../../gateway/proxy/replay.ts';

test('a second reader gets what the first got, and then the rest', async (t) => {
  const client = new PassThrough();
  const body = new ReplayBody(client, 0, () => undefined);
  const first = body.open();
  client.write('begin ');
  const [chunk] = await once(first, 'data');
  t.is(String(chunk), 'begin ');
  const second = body.open();
  t.true(first.destroyed);
  client.write('middle ');
  client.end('end');
  t.is(await text(second), 'begin middle end');
  t.is(body.state, 'ended');
  t.true(body.replayable);
  t.is(await text(body.open()), 'begin middle end');
});

test('its end is told once, when the client has sent all of it', async (t) => {
  const client = new PassThrough();
  let ends = 0;
  const body = new ReplayBody(client, 0, () => ends++);
  const read = text(body.open());
  client.write('x');
  await turn();
  t.is(ends, 0);
  client.end();
  await read;
  await turn();
  t.is(ends, 1);
});

test('more than is kept flows through, and cannot be sent again', async (t) => {
  const client = new PassThrough();
  const body = new ReplayBody(client, 0, () => undefined);
  const read = text(body.open());
  client.end('x'.repeat(replayLimit + 1));
  t.is((await read).length, replayLimit + 1);
  t.false(body.replayable);
});

test('a limit breaks the reader, and says why', async (t) => {
  const client = new PassThrough();
  const body = new ReplayBody(client, 10, () => undefined);
  const read = text(body.open());
  client.end('x'.repeat(11));
  await t.throwsAsync(read);
  t.is(body.state, 'too-large');
  t.false(body.replayable);
});

test('a client that goes away breaks the reader', async (t) => {
  const client = new PassThrough();
  const body = new ReplayBody(client, 0, () => undefined);
  const read = text(body.open());
  client.write('half');
  await turn();
  client.destroy();
  await t.throwsAsync(read);
  t.is(body.state, 'broken');
});

test('nothing is read from the client that no reader asks for', async (t) => {
  const client = new PassThrough({ highWaterMark: 1024 });
  const body = new ReplayBody(client, 0, () => undefined);
  const reader = body.open();
  let accepted = 0;
  while (client.write(Buffer.alloc(1024)) && accepted < 1000) accepted++;
  await turn();
  t.true(accepted < 100, `${accepted} KiB`);
  reader.destroy();
  await turn();
  t.true(client.isPaused());
});
