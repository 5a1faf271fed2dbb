/** Specifies what becomes of connections to an ingress that do not speak TLS, or take their time. */
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { dialTcp, readAll } from '../../../support/tcp-service.ts';
import { startGateway, startOrigin } from '../request/scene.ts';
import { caught, handshake, helloBody, records, serverNames } from '../wire/tls/hellos.ts';
import { credentialsOf, quiet, refusals, refused, startEdge } from './edge-scene.ts';
import { pemFolder, TlsClient } from './tls-client.ts';

async function scene(t: ExecutionContext, handshakeMs = 10_000) {
  const [web, folder] = await Promise.all([startOrigin(t, 'web'), pemFolder(t)]);
  const services = [{ name: 'web.shop', endpoints: [web] }];
  const gateway = await startGateway(t, { cluster: 'dc1', services });
  const edge = await startEdge(t, gateway, {
    ingress: {
      handshakeMs,
      credentials: credentialsOf([folder.issue(['www.example.com'])]),
      routes: [{ host: 'www.example.com', service: 'web.shop' }],
    },
  });
  const address = edge.addresses['ingress.0'] ?? '';
  const client = new TlsClient(t, folder, address);
  return { gateway, edge, client, dial: () => dialTcp(t, address) };
}

/** The hello of a client that names `www.example.com`. */
const hello = records(handshake(helloBody({ extensions: [serverNames([0, 'www.example.com'])] })));

/** Resolves when the gateway has closed the connection, in whatever way. */
async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume();
  socket.on('end', () => socket.destroy());
  // Not by `once` of node:events, which rejects with the error of one that was reset.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

const garbage: Record<string, Buffer> = {
  'HTTP without TLS': Buffer.from('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n'),
  noise: Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 167) % 256)),
  'a hello that says two things': records(
    handshake(helloBody({ extensions: [serverNames([0, 'a.example'], [0, 'b.example'])] })),
  ),
  'a hello without end': records(handshake(Buffer.alloc(100_000)), 1_000),
};

for (const [situation, octets] of Object.entries(garbage)) {
  test(`${situation}: cut off at once, and counted`, async (t) => {
    const { gateway, dial, client } = await scene(t);
    const socket = await dial();
    socket.write(octets);
    await closed(socket);
    await refusals(gateway, 'CLIENT_HELLO_REFUSED', 1);
    t.like(await client.curl('www.example.com'), { status: 200 });
    await quiet(gateway);
  });
}

test('a hello that dribbles is cut off in time, however busily it dribbles', async (t) => {
  const { gateway, dial } = await scene(t, 400);
  const socket = await dial();
  const started = performance.now();
  let at = 0;
  const dribble = setInterval(() => socket.write(hello.subarray(at, ++at)), 20);
  t.teardown(() => clearInterval(dribble));
  await closed(socket);
  clearInterval(dribble);
  t.true(performance.now() - started >= 400);
  t.true(at < hello.length);
  await refusals(gateway, 'CLIENT_HELLO_REFUSED', 1);
});

test('silence is cut off in time', async (t) => {
  const { gateway, dial } = await scene(t, 200);
  const started = performance.now();
  await closed(await dial());
  t.true(performance.now() - started >= 200);
  await refusals(gateway, 'CLIENT_HELLO_REFUSED', 1);
});

test('a handshake that stops after the hello is cut off in time', async (t) => {
  const { gateway, dial, client } = await scene(t, 300);
  const whole = await caught((port) => {
    const servername = 'www.example.com';
    const socket = connect({ host: '127.0.0.1', port, servername });
    socket.on('error', () => undefined);
    return () => socket.destroy();
  });
  const socket = await dial();
  socket.write(whole);
  await closed(socket);
  await refusals(gateway, 'TLS_HANDSHAKE_FAILED', 1);
  t.like(await client.curl('www.example.com'), { status: 200 });
});

test('a client that goes in the middle of its hello is counted; one that only looks at the port is not', async (t) => {
  const { gateway, dial } = await scene(t);
  const looking = await dial();
  looking.end();
  await closed(looking);
  const going = await dial();
  going.end(hello.subarray(0, 40));
  await closed(going);
  await refusals(gateway, 'CLIENT_HELLO_REFUSED', 1);
  t.is(refused(gateway, 'CLIENT_HELLO_REFUSED'), 1);
});

test('the answer to an unknown name is an alert that any TLS client reads', async (t) => {
  const { dial } = await scene(t);
  const socket = await dial();
  const extensions = [serverNames([0, 'other.example'])];
  socket.write(records(handshake(helloBody({ extensions }))));
  // Record: alert, TLS 1.2, two octets; fatal, unrecognized_name (RFC 6066 section 3).
  t.deepEqual(await readAll(socket), { kind: 'ended', text: '\x15\x03\x03\0\x02\x02\x70' });
});

test('hundreds of strangers keep nobody else from being served', async (t) => {
  const { gateway, dial, client } = await scene(t, 2_000);
  const silent = await Promise.all(Array.from({ length: 300 }, dial));
  const noisy = await Promise.all(Array.from({ length: 100 }, dial));
  for (const socket of noisy) socket.write('nonsense');
  await Promise.all(noisy.map(closed));
  t.like(await client.curl('www.example.com'), { status: 200 });
  await Promise.all(silent.map(closed));
  await refusals(gateway, 'CLIENT_HELLO_REFUSED', 400);
});
