/** Specifies that accepted sockets serve the same however they are read: into a shared buffer, or by events. */
import { once } from 'node:events';
import test from 'ava';
import { silentLog } from '../../../../core/log.ts';
import { readingHere } from '../../../../gateway/data/socket/accept.ts';
import { dial, raw } from './http.ts';
import { startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';

test('this Node.js reads accepted sockets into a shared buffer', async (t) => {
  t.is(await readingHere(silentLog), 'shared');
});

for (const reading of ['shared', 'events'] as const) {
  test(`read ${reading}: requests in line, a body of 4 MiB there and back, and a half-closed client are served`, async (t) => {
    const origin = await startOrigin(t, 'echo', (request, response) => void request.pipe(response));
    const { url } = await startGateway(t, {
      cluster: 'dc1',
      reading,
      services: [{ name: 'orders.shop', endpoints: [origin] }],
    });
    const body = 'x'.repeat(4 << 20);
    const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: `;
    const last = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    const answer = await raw(url, `${post}3\r\n\r\nabc${post}${body.length}\r\n\r\n${body}${last}`);
    t.is(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
    t.true((answer.match(/x/g)?.length ?? 0) >= body.length);
    const socket = dial(url);
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.end(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await once(socket, 'close');
    t.regex(received, /^HTTP\/1\.1 200 OK/);
  });
}
