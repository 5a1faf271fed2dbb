/** Specifies what the other end of a connection sees that is broken off, and that nothing of it is left here. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { breakOff } from '../../../../gateway/data/socket/break-off.ts';
import { readAll } from '../../../support/tcp-service.ts';

const module = new URL('../../../../gateway/data/socket/break-off.ts', import.meta.url).href;

/** Both ends of a connection. */
async function connection(t: ExecutionContext): Promise<{ here: Socket; there: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const { port } = server.address() as AddressInfo;
  const there = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [here] = await accepted;
  t.teardown(() => {
    there.destroy();
    server.close();
  });
  return { here, there };
}

test('in the middle of what is sent: a reset, and no end', async (t) => {
  const { here, there } = await connection(t);
  const closed = once(here, 'close');
  here.write('half of it');
  await once(there, 'data');
  breakOff(here);
  t.deepEqual(await readAll(there), { kind: 'broken', code: 'ECONNRESET' });
  await closed;
});

test('in the turn in which the end was asked for: the end is seen, and the socket closes', async (t) => {
  const { here, there } = await connection(t);
  const closed = once(here, 'close');
  here.end();
  breakOff(here);
  t.deepEqual(await readAll(there), { kind: 'ended', text: '' });
  await closed;
});

test('while octets before the end can not leave: a reset', async (t) => {
  const { here, there } = await connection(t);
  const closed = once(here, 'close');
  there.pause();
  here.end(Buffer.alloc(64 << 20));
  await once(there, 'readable');
  breakOff(here);
  await closed;
  const { kind } = await readAll(there.resume());
  t.is(kind, 'broken');
});

test('once its end is sent and taken: the socket closes', async (t) => {
  const { here } = await connection(t);
  const closed = once(here, 'close');
  here.end();
  await once(here, 'finish');
  breakOff(here);
  await closed;
  t.true(here.destroyed);
});

test('a thread ends in which a connection was broken off in the turn of its end', async (t) => {
  const thread = new Worker(
    `const { createServer, connect } = require('node:net');
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ breakOff }) => {
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        socket.end();
        breakOff(socket);
        parentPort.postMessage('broken off');
      });
      server.listen(0, '127.0.0.1', () => {
        connect({ port: server.address().port, host: '127.0.0.1', allowHalfOpen: true });
      });
    });`,
    { eval: true },
  );
  await once(thread, 'message');
  t.is(await thread.terminate(), 1);
});
