/** Specifies raw TCP through two clusters: octets both ways, each direction to its own end, and what breaks breaks. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { standStill } from '../../../support/stand-still.ts';
import {
  dialTcp,
  echo,
  endOf,
  Measured,
  readAll,
  send,
  startTcpService,
  type TcpService,
} from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import {
  closedPort,
  connect,
  type Gateway,
  type ServiceSpec,
  startGateway,
} from '../request/scene.ts';
import { quiet, refusals, startEdge } from './edge-scene.ts';

interface Scene {
  readonly near: Gateway;
  readonly far: Gateway;
  readonly service: TcpService;
  /** Of the TCP listener in the near cluster. */
  readonly address: string;
  dial(): Promise<Socket>;
}

/** A TCP listener in dc1, a service in dc2. */
async function scene(
  t: ExecutionContext,
  serve: (socket: Socket) => void = echo,
  options: Partial<ServiceSpec> = {},
): Promise<Scene> {
  const service = await startTcpService(t, serve);
  const endpoints = [{ id: 'ledger-1', port: service.port }];
  const spec = { name: 'ledger.shop', protocol: 'tcp', ...options } as const;
  const far = await startGateway(t, { cluster: 'dc2', services: [{ ...spec, endpoints }] });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ ...spec, elsewhere: { dc2: 1 } }],
  });
  connect(near, far);
  await until('the link', () => near.links.state(far.cluster).state === 'up');
  const address = (await startEdge(t, near, { tcp: ['ledger.shop'] })).addresses['tcp.0'] ?? '';
  return { near, far, service, address, dial: () => dialTcp(t, address) };
}

async function nothingIsLeft({ near, far, service }: Scene): Promise<void> {
  await quiet(near);
  await quiet(far);
  await until('the service to have no connections', () => service.open === 0);
}

test('the client ends first: the service hears all of it, and so does the client of the answer', async (t) => {
  const here = await scene(t);
  const socket = await here.dial();
  const answer = readAll(socket);
  socket.write('one ');
  socket.end('two');
  t.deepEqual(await answer, { kind: 'ended', text: 'one two' });
  await nothingIsLeft(here);
});

test('the service ends first: the client hears the end, and is still heard to its own', async (t) => {
  const heard: Promise<unknown>[] = [];
  const here = await scene(t, (socket) => {
    heard.push(readAll(socket));
    socket.end('bye');
  });
  const socket = await here.dial();
  t.deepEqual(await readAll(socket), { kind: 'ended', text: 'bye' });
  socket.write('still ');
  await until('the first part to arrive', () => here.service.sockets[0]?.bytesRead === 6);
  socket.end('here');
  t.deepEqual(await heard[0], { kind: 'ended', text: 'still here' });
  await nothingIsLeft(here);
});

test('a service may speak before its client does', async (t) => {
  const here = await scene(t, (socket) => socket.write('220 ready'));
  const socket = await here.dial();
  const [greeting] = await once(socket, 'data');
  t.is(String(greeting), '220 ready');
});

test('a service in the same cluster is reached without a link', async (t) => {
  const service = await startTcpService(t);
  const endpoints = [{ id: 'ledger-1', port: service.port }];
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'ledger.shop', protocol: 'tcp', endpoints }],
  });
  const { addresses } = await startEdge(t, gateway, { tcp: ['ledger.shop'] });
  const socket = await dialTcp(t, addresses['tcp.0'] ?? '');
  socket.end('hello');
  t.deepEqual(await readAll(socket), { kind: 'ended', text: 'hello' });
});

const size = 100 << 20;
/** What two gateways, a link and four kernels may hold of a direction that nobody reads. */
const mostHeld = 40 << 20;

test('100 MB each way at once; a reader that stops stops the sender, and nothing is lost', async (t) => {
  t.timeout(120_000);
  const received: Measured[] = [];
  const sent: Promise<string>[] = [];
  const here = await scene(t, (socket) => {
    received.push(new Measured(socket));
    sent.push(send(socket, size, 2));
  });
  const socket = await here.dial();
  const sending = send(socket, size, 1);
  await slowReader(t, here, socket, () => sent[0]);
  const up: string | undefined = await sending;
  t.is(await received[0]?.ended, up);
  await nothingIsLeft(here);
});

/** Reads nothing until the sender has been held back, then everything. */
async function slowReader(
  t: ExecutionContext,
  { service }: Scene,
  socket: Socket,
  sent: () => Promise<string> | undefined,
): Promise<void> {
  const back = await until('the service to be connected', () => service.sockets[0]);
  await standStill('the service, which is held back,', () => back.bytesWritten);
  t.true(
    back.bytesWritten < mostHeld,
    `${back.bytesWritten} octets were taken of a stuck direction`,
  );
  const read = new Measured(socket);
  t.is(await sent(), await read.ended);
  t.is(read.octets, size);
}

test('a service that breaks: its client sees a broken connection, never an end', async (t) => {
  const here = await scene(t, (socket) => {
    socket.write('half of it');
    socket.on('data', () => socket.resetAndDestroy());
  });
  const socket = await here.dial();
  await once(socket, 'data');
  socket.write('go on');
  t.deepEqual(await readAll(socket), { kind: 'broken', code: 'ECONNRESET' });
  await nothingIsLeft(here);
});

test('a client that breaks: its service sees a broken connection', async (t) => {
  const heard: Promise<unknown>[] = [];
  const here = await scene(t, (socket) => {
    heard.push(readAll(socket));
    socket.write('ready');
  });
  const socket = await here.dial();
  await once(socket, 'data');
  socket.resetAndDestroy();
  await until('the service to be connected', () => heard.length === 1);
  t.like(await heard[0], { kind: 'broken' });
  await nothingIsLeft(here);
});

test('nobody to reach: the client is reset, and it is counted', async (t) => {
  const endpoints = [{ id: 'ledger-1', port: await closedPort() }];
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'ledger.shop', protocol: 'tcp', endpoints }],
  });
  const { addresses } = await startEdge(t, gateway, { tcp: ['ledger.shop', 'gone.shop'] });
  const reset = { kind: 'broken', code: 'ECONNRESET' } as const;
  t.deepEqual(await endOf(t, addresses['tcp.0'] ?? ''), reset);
  await refusals(gateway, 'UPSTREAM_FAILED', 1);
  t.deepEqual(await endOf(t, addresses['tcp.1'] ?? ''), reset);
  await refusals(gateway, 'ROUTE_NOT_FOUND', 1);
  await quiet(gateway);
});

test('a service that speaks HTTP is not reached by raw octets', async (t) => {
  const here = await scene(t, echo, { protocol: 'http' });
  t.deepEqual(await endOf(t, here.address), { kind: 'broken', code: 'ECONNRESET' });
  t.true(here.service.sockets.every(({ bytesRead }) => bytesRead === 0));
  await nothingIsLeft(here);
});

test('a connection on which nothing moves is cut after the idle time', async (t) => {
  const here = await scene(t, echo, { timeouts: { idleMs: 300 } });
  const socket = await here.dial();
  socket.write('hello');
  await once(socket, 'data');
  t.deepEqual(await readAll(socket), { kind: 'broken', code: 'ECONNRESET' });
  await nothingIsLeft(here);
});

test('more connections than allowed are closed as they come', async (t) => {
  const service = await startTcpService(t);
  const endpoints = [{ id: 'ledger-1', port: service.port }];
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'ledger.shop', protocol: 'tcp', endpoints }],
    limits: { maxConnections: 2 },
  });
  const { addresses } = await startEdge(t, gateway, { tcp: ['ledger.shop'] });
  const dial = async () => {
    const socket = await dialTcp(t, addresses['tcp.0'] ?? '');
    socket.write('x');
    return socket;
  };
  const two = await Promise.all([dial(), dial()]);
  await Promise.all(two.map((socket) => once(socket, 'data')));
  t.like(await readAll(await dial()), { text: '' });
  t.is(service.open, 2);
});

test('draining: what is under way goes on to its end, nothing new is taken', async (t) => {
  const service = await startTcpService(t);
  const endpoints = [{ id: 'ledger-1', port: service.port }];
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'ledger.shop', protocol: 'tcp', endpoints }],
  });
  const edge = await startEdge(t, gateway, { tcp: ['ledger.shop'] });
  const address = edge.addresses['tcp.0'] ?? '';
  const socket = await dialTcp(t, address);
  socket.write('before ');
  await once(socket, 'data');
  const drained = edge.drain(10_000);
  await until('nobody to be let in', () =>
    dialTcp(t, address).then(
      () => false,
      ({ code }) => code === 'ECONNREFUSED',
    ),
  );
  socket.end('after');
  t.deepEqual(await readAll(socket), { kind: 'ended', text: 'after' });
  await drained;
});

test('draining is cut short by its limit', async (t) => {
  const here = await scene(t);
  const edge = await startEdge(t, here.near, { tcp: ['ledger.shop'] });
  const socket = await dialTcp(t, edge.addresses['tcp.0'] ?? '');
  socket.write('hello');
  await once(socket, 'data');
  const ended = readAll(socket);
  await edge.drain(100);
  t.deepEqual(await ended, { kind: 'broken', code: 'ECONNRESET' });
  await nothingIsLeft(here);
});
