/** Specifies TLS that an ingress passes on as it is, by the server's name: the service ends it, with its own key. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, createServer } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { keyPemOf, pemOf } from '../../../../certs/x509.ts';
import type { PemFolder } from '../../../support/pem-files.ts';
import { startTcpService } from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import { closedPort, connect, startGateway, startOrigin } from '../request/scene.ts';
import { credentialsOf, quiet, refusals, startEdge } from './edge-scene.ts';
import { pemFolder, TlsClient } from './tls-client.ts';

/** A service that ends TLS itself and answers every request with its name. */
async function startTlsService(t: ExecutionContext, folder: PemFolder, name: string) {
  const { certificate, key } = folder.issue([name, 'ledger.shop.acme']);
  const server = createServer({ cert: pemOf(certificate.raw), key: keyPemOf(key) }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const body = `${name} spoke to ${String(socket.servername)}`;
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port };
}

/** `db.example.com` and everything in `dbs.example.com` are passed to a service in dc2; what else is below `example.com` ends in dc1. */
async function scene(t: ExecutionContext) {
  const [ours, theirs, web] = await Promise.all([
    pemFolder(t),
    pemFolder(t),
    startOrigin(t, 'web'),
  ]);
  const { port } = await startTlsService(t, theirs, 'db.example.com');
  const ledger = { name: 'ledger.shop', protocol: 'tls' } as const;
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ ...ledger, endpoints: [{ id: 'ledger-1', port }] }],
  });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { ...ledger, elsewhere: { dc2: 1 } },
      { name: 'web.shop', endpoints: [web] },
      {
        name: 'gone.shop',
        protocol: 'tls',
        endpoints: [{ id: 'gone-1', port: await closedPort() }],
      },
    ],
  });
  connect(near, far);
  await until('the link', () => near.links.state(far.cluster).state === 'up');
  const edge = await startEdge(t, near, {
    ingress: {
      credentials: credentialsOf([ours.issue(['www.example.com', '*.example.com', '*.shop.acme'])]),
      routes: [
        { host: 'www.example.com', service: 'web.shop' },
        { host: '*.example.com', service: 'web.shop' },
      ],
      passthrough: [
        { host: 'db.example.com', service: 'ledger.shop' },
        { host: '*.dbs.example.com', service: 'ledger.shop' },
        { host: 'gone.example.com', service: 'gone.shop' },
      ],
    },
  });
  const address = edge.addresses['ingress.0'] ?? '';
  return {
    near,
    far,
    web,
    address,
    theirs,
    /** Believes the gateway's certificates only. */
    ourClient: new TlsClient(t, ours, address),
    /** Believes the service's certificate only, which the gateway never had. */
    theirClient: new TlsClient(t, theirs, address),
  };
}

test('curl speaks TLS with the service itself, through two clusters', async (t) => {
  const { theirClient, ourClient, near, far } = await scene(t);
  t.like(await theirClient.curl('db.example.com', '--http1.1'), {
    status: 200,
    body: 'db.example.com spoke to db.example.com',
  });
  t.like(await ourClient.curl('db.example.com'), { kind: 'failed', code: 60 });
  await quiet(near);
  await quiet(far);
});

test('the same port ends the TLS of other names', async (t) => {
  const { ourClient } = await scene(t);
  t.like(await ourClient.curl('www.example.com'), { status: 200, body: 'web' });
});

test('names by wildcard, and services of TLS by their own name, before a wildcard certificate', async (t) => {
  const { theirClient, ourClient } = await scene(t);
  t.like(await theirClient.curl('one.dbs.example.com', '-k'), {
    body: 'db.example.com spoke to one.dbs.example.com',
  });
  t.like(await theirClient.curl('ledger.shop.acme'), {
    body: 'db.example.com spoke to ledger.shop.acme',
  });
  t.like(await ourClient.curl('web.shop.acme'), { status: 200, body: 'web' });
});

test('security: a name that is passed on is misdirected on a connection by a wildcard certificate (RFC 9110 section 7.4)', async (t) => {
  const { ourClient, near, web } = await scene(t);
  for (const flag of ['--http2', '--http1.1']) {
    for (const [server, host] of [
      ['www.example.com', 'db.example.com'],
      ['www.example.com', 'DB.example.com.:443'],
      ['web.shop.acme', 'ledger.shop.acme'],
    ] as const) {
      const answer = await ourClient.curl(server, flag, '-H', `Host: ${host}`);
      t.like(answer, { kind: 'answer', status: 421 }, host);
      t.regex(answer.kind === 'answer' ? answer.body : '', /"code":"HOST_MISDIRECTED"/);
    }
    t.is(web.requests.length, 0);
    const other = await ourClient.curl('www.example.com', flag, '-H', 'Host: other.example.com');
    t.like(other, { status: 200, body: 'web' });
    web.requests.length = 0;
  }
  await refusals(near, 'HOST_MISDIRECTED', 6);
});

test('a ClientHello that comes octet by octet arrives whole', async (t) => {
  const { address, theirs, near } = await scene(t);
  const [host = '', port] = address.split(':');
  const tcp = connectTcp(Number(port), host);
  t.teardown(() => tcp.destroy());
  tcp.setNoDelay(true);
  const dripping = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      for (const octet of chunk) tcp.write(Buffer.of(octet));
      done();
    },
    read() {},
  });
  tcp.on('data', (chunk) => dripping.push(chunk));
  tcp.on('end', () => dripping.push(null));
  const ca = pemOf(theirs.authority.certificate.raw);
  const socket = connectTls({ socket: dripping, servername: 'db.example.com', ca });
  await once(socket, 'secureConnect');
  socket.write('GET / HTTP/1.1\r\n\r\n');
  const [answer] = await once(socket, 'data');
  t.regex(String(answer), /db\.example\.com spoke to db\.example\.com$/);
  tcp.destroy();
  await quiet(near);
});

test('a service that nobody can reach: the connection breaks, and it is counted', async (t) => {
  const { theirClient, near } = await scene(t);
  t.like(await theirClient.curl('gone.example.com'), { kind: 'failed', code: 35 });
  await refusals(near, 'UPSTREAM_FAILED', 1);
  await quiet(near);
});

test('what the gateway passes on is what came, octet by octet, the hello first', async (t) => {
  const received: Buffer[] = [];
  const service = await startTcpService(t, (socket) => {
    socket.on('data', (chunk: Buffer) => received.push(chunk));
  });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'raw.shop', protocol: 'tcp', endpoints: [{ id: 'raw-1', port: service.port }] },
    ],
  });
  const edge = await startEdge(t, gateway, {
    ingress: { passthrough: [{ host: 'raw.example.com', service: 'raw.shop' }] },
  });
  const sent: Buffer[] = [];
  const [host = '', port] = (edge.addresses['ingress.0'] ?? '').split(':');
  const tcp = connectTcp(Number(port), host);
  t.teardown(() => tcp.destroy());
  const recording = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      tcp.write(chunk, done);
    },
    read() {},
  });
  const socket = connectTls({ socket: recording, servername: 'raw.example.com' });
  socket.on('error', () => undefined);
  await until('the hello to arrive', () => {
    const all = Buffer.concat(received);
    return all.length > 0 && all.equals(Buffer.concat(sent));
  });
  const early = Buffer.from([0, 255, 1, 2, 3]);
  tcp.write(early);
  await until('what follows to arrive', () =>
    Buffer.concat(received).equals(Buffer.concat([...sent, early])),
  );
  t.pass();
});
