/** Specifies that whoever has connected is accepted before a listening socket is closed. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { queueTaken } from '../../../../gateway/data/listen/accept-queue.ts';
import { runOk } from '../../../support/programs.ts';

/** Connects so many times, and asks on each, while this process stands still. */
const asks = `
  const { connect } = require('node:net');
  const [port, count] = process.argv.slice(1).map(Number);
  let heard = 0;
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1', () => socket.write('x'));
    socket.on('data', () => { if (++heard === count) process.stdout.write('all'); socket.end(); });
    socket.on('error', (error) => { process.stdout.write(error.code); process.exit(); });
  }
`;

test('connections that wait to be accepted are accepted, and answered, before the socket closes', async (t) => {
  const server = createServer((socket) => void socket.on('data', (bytes) => socket.end(bytes)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asking = runOk(process.execPath, ['-e', asks, String(port), '40']);
  await once(server, 'connection');
  // The rest connects meanwhile.
  for (const until = performance.now() + 300; performance.now() < until; );
  await queueTaken(server);
  server.close();
  t.is(await asking, 'all');
});
