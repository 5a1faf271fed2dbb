/** Specifies that whatever becomes of a connection, nothing of it stays behind. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import test from 'ava';
import { standStill } from '../../../support/stand-still.ts';
import { dialTcp, readAll, startTcpService } from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import { closedPort, startGateway, startOrigin } from '../request/scene.ts';
import { handshake, helloBody, records, serverNames } from '../wire/tls/hellos.ts';
import { credentialsOf, quiet, startEdge } from './edge-scene.ts';
import { pemFolder, TlsClient } from './tls-client.ts';

/** Sockets of this process, both ends of each connection, and listeners. */
function sockets(): number {
  const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'TLSWrap'];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}

test('connections that end well, break, are refused or cut leave no socket behind', async (t) => {
  const [web, folder, service] = await Promise.all([
    startOrigin(t, 'web'),
    pemFolder(t),
    startTcpService(t),
  ]);
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'web.shop', endpoints: [web] },
      { name: 'raw.shop', protocol: 'tcp', endpoints: [{ id: 'raw-1', port: service.port }] },
      {
        name: 'dead.shop',
        protocol: 'tcp',
        endpoints: [{ id: 'dead-1', port: await closedPort() }],
      },
    ],
  });
  const edge = await startEdge(t, gateway, {
    tcp: ['raw.shop', 'dead.shop'],
    ingress: {
      handshakeMs: 300,
      credentials: credentialsOf([folder.issue(['www.example.com'])]),
      routes: [{ host: 'www.example.com', service: 'web.shop' }],
      passthrough: [{ host: 'raw.example.com', service: 'raw.shop' }],
    },
  });
  const { addresses } = edge;
  const ingress = addresses['ingress.0'] ?? '';
  const client = new TlsClient(t, folder, ingress);
  const hello = (name: string) =>
    records(handshake(helloBody({ extensions: [serverNames([0, name])] })));
  const send = async (address: string, octets: Buffer) => {
    const socket = await dialTcp(t, address);
    socket.write(octets);
    return socket;
  };
  /** Waits for the other side, and then ends ours, which may be open still. */
  const closed = async (socket: Socket) => {
    await readAll(socket);
    socket.destroy();
  };
  const ways: Record<string, () => Promise<unknown>> = {
    async answered() {
      const socket = await client.connect('www.example.com');
      socket.end('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
      socket.resume();
      await once(socket, 'close');
    },
    async resetAfterAHandshake() {
      const socket = await client.connect('www.example.com');
      socket.on('error', () => undefined).destroy();
    },
    garbage: async () => closed(await send(ingress, Buffer.from('nonsense'))),
    unknownName: async () => closed(await send(ingress, hello('other.example'))),
    halfAHello: async () => closed(await send(ingress, hello('www.example.com').subarray(0, 20))),
    resetInAHello: async () =>
      (await send(ingress, hello('www.example.com').subarray(0, 20))).resetAndDestroy(),
    async passedOn() {
      const socket = await send(ingress, hello('raw.example.com'));
      socket.end();
      await closed(socket);
    },
    resetWhenPassedOn: async () =>
      (await send(ingress, hello('raw.example.com'))).resetAndDestroy(),
    async echoed() {
      const socket = await send(addresses['tcp.0'] ?? '', Buffer.from('hello'));
      socket.end();
      await closed(socket);
    },
    resetTcp: async () =>
      (await send(addresses['tcp.0'] ?? '', Buffer.from('hello'))).resetAndDestroy(),
    async nobodyThere() {
      const socket = await dialTcp(t, addresses['tcp.1'] ?? '').catch(() => undefined);
      if (socket !== undefined) await closed(socket);
    },
  };
  const all = () => Promise.all(Object.values(ways).map((way) => way()));
  // Connections to endpoints are kept for a while: they count as there before.
  await all();
  await quiet(gateway);
  const before = await standStill('the number of sockets after a round', sockets);
  for (let round = 0; round < 5; round++) await all();
  await quiet(gateway);
  await until(`no more than ${before} sockets`, () => sockets() <= before);
  await edge.drain(1_000);
  await until('the listeners to be gone', () => sockets() <= before - 3);
  t.is(service.open, 0);
});
