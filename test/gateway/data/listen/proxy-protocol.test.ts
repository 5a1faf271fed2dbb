/** Specifies listeners where load balancers say by PROXY protocol who connects: whom they believe, and what comes of the rest. */
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { connect } from 'node:tls';
import anyTest, { type TestFn } from 'ava';
import { pemOf } from '../../../../certs/x509.ts';
import type { AccessRecord } from '../../../../gateway/data/observe/access-line.ts';
import { sharedScope } from '../../../support/shared.ts';
import { dialTcp, readAll, startTcpService } from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import { curl } from '../request/http.ts';
import {
  type Gateway,
  type GatewaySpec,
  connect as link,
  type Origin,
  startGateway,
  startOrigin,
} from '../request/scene.ts';
import { addresses4, addresses6, version2 } from '../wire/proxy-protocol/headers.ts';
import { credentialsOf, type RunningEdge, refusals, refused, startEdge } from './edge-scene.ts';
import { pemFolder } from './tls-client.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const told: AccessRecord[] = [];
const none = () => undefined;
let web: Origin;
let gateway: Gateway;
let edge: RunningEdge;
let ca: string;

/** A gateway that believes `addresses` on listeners where PROXY protocol is spoken. */
async function scene(addresses: readonly string[], limits?: GatewaySpec['limits']) {
  const folder = await pemFolder(shared);
  const raw = await startTcpService(shared);
  const started = await startGateway(shared, {
    cluster: 'dc1',
    services: [
      { name: 'web.shop', endpoints: [web] },
      { name: 'raw.shop', endpoints: [raw], protocol: 'tls' },
    ],
    proxies: { addresses, fields: 'x-forwarded' },
    proxyProtocol: true,
    ...(limits && { limits }),
    observes: {
      traced: undefined,
      logged: 1,
      told: { spans: none, exemplar: none, access: (line) => void told.push(line) },
    },
  });
  const running = await startEdge(shared, started, {
    tcp: ['raw.shop'],
    proxyProtocol: true,
    ingress: {
      proxyProtocol: true,
      credentials: credentialsOf([folder.issue(['www.example.com'])]),
      routes: [{ host: 'www.example.com', service: 'web.shop' }],
      passthrough: [{ host: 'raw.example.com', service: 'raw.shop' }],
    },
  });
  ca = pemOf(folder.authority.certificate.raw);
  return { gateway: started, edge: running };
}

test.before('a gateway trusts this machine, and a network of others', async () => {
  web = await startOrigin(shared, 'web');
  ({ gateway, edge } = await scene(['127.0.0.1', '10.0.0.0/8']));
});

const version1 = Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 51000 443\r\n');
const request = 'GET / HTTP/1.1\r\nHost: web.shop.acme\r\nConnection: close\r\n';

/** Sends the pieces, each when the one before has left; what comes back, to the end. */
async function sent(address: string, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = await dialTcp(shared, address);
  const answer = readAll(socket);
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  const ended = await answer;
  return ended.kind === 'ended' ? ended.text : '';
}

/** What the service was told last. */
const forwarded = () => web.requests.at(-1)?.headers['x-forwarded-for'];

for (const [what, header, client] of [
  ['version 1', version1, '203.0.113.9'],
  ['version 2', version2(addresses4), '203.0.113.9'],
  ['IPv6', version2(addresses6, { family: 0x21 }), '2001:db8::9'],
  ['LOCAL', version2(Buffer.alloc(0), { command: 0x20, family: 0 }), '127.0.0.1'],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
] as const) {
  test.serial(
    `HTTP after ${what}: the client is ${client}, for the service and in the log`,
    async (t) => {
      told.length = 0;
      const { address } = gateway.outbound;
      const whole = await sent(address, Buffer.concat([header, Buffer.from(`${request}\r\n`)]));
      t.regex(whole, /^HTTP\/1.1 200 /);
      t.is(forwarded(), client);
      t.is(
        web.requests.at(-1)?.headers['forwarded'],
        `for=${client.includes(':') ? `"[${client}]"` : client};host="web.shop.acme";proto=http`,
      );
      await until('the line of the log', () => told.length === 1);
      t.is(told[0]?.client, client);
      const octets = Array.from(header, (octet) => Buffer.of(octet));
      t.regex(await sent(address, ...octets, `${request}\r\n`), /^HTTP\/1.1 200 /);
      t.is(forwarded(), client);
    },
  );
}

test.serial('HTTP/2, and curl that says its own address, are served', async (t) => {
  for (const version of ['--http1.1', '--http2-prior-knowledge']) {
    const answer = await curl(
      '--haproxy-protocol',
      version,
      '-H',
      'Host: web.shop.acme',
      gateway.url,
    );
    t.is(answer.status, 200);
    t.is(forwarded(), '127.0.0.1');
  }
});

test.serial('an ingress reads the header before TLS, and ends it or passes it on', async (t) => {
  const address = edge.addresses['ingress.0'] ?? '';
  for (const header of [version1, version2(addresses4)]) {
    const socket = await dialTcp(shared, address);
    socket.write(header);
    const secure = connect({ socket, ca, servername: 'www.example.com' });
    secure.write('GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n');
    const [answer] = await once(secure.setEncoding('latin1'), 'data');
    t.regex(answer, /^HTTP\/1.1 200 /);
    t.is(forwarded(), '203.0.113.9');
    secure.destroy();
  }
  told.length = 0;
  const socket = await dialTcp(shared, address);
  socket.write(version1);
  // The service sends back the hello, which is no answer to one.
  const secure = connect({ socket, ca, servername: 'raw.example.com' });
  await once(secure, 'error');
  await until('the line of the log', () => told.length === 1);
  t.is(told[0]?.client, '203.0.113.9');
});

test.serial('connections at once keep their clients apart, over TLS, too', async (t) => {
  const before = web.requests.length;
  const address = edge.addresses['ingress.0'] ?? '';
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const socket = await dialTcp(shared, address);
      socket.write(`PROXY TCP4 203.0.113.${i} 192.0.2.1 51000 443\r\n`);
      const maxVersion = i % 2 === 0 ? 'TLSv1.2' : 'TLSv1.3';
      const secure = connect({ socket, ca, servername: 'www.example.com', maxVersion });
      secure.write(`GET /${i} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`);
      await once(secure, 'data');
      secure.destroy();
    }),
  );
  const heard = web.requests.slice(before);
  t.is(heard.length, 20);
  for (const { url, headers } of heard)
    t.is(url, `/${`${headers['x-forwarded-for']}`.split('.').at(-1)}`);
});

/** A load balancer: what is dialed there reaches `address` behind a header, in pieces of their own. */
async function balancerBefore(address: string, header: Buffer): Promise<string> {
  const [host = '', port] = address.split(':');
  const server = createServer((socket) => {
    const there = dial(Number(port), host);
    there.write(header);
    socket.pipe(there).pipe(socket);
    socket.on('error', () => there.destroy()).on('close', () => there.destroy());
    there.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shared.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.serial(
  'gateways of other clusters link to one behind a balancer, and are verified as ever',
  async (t) => {
    const dc3 = await startGateway(shared, {
      cluster: 'dc3',
      services: [{ name: 'web.shop', elsewhere: { dc1: 1 } }],
    });
    link(dc3, gateway, [await balancerBefore(gateway.eastWest.address, version2(addresses4))]);
    await until('the link to be up', () => dc3.links.state(gateway.cluster).state === 'up');
    t.like(await curl('-H', 'Host: web.shop.acme', dc3.url), { status: 200, body: 'web' });

    const stranger = await startGateway(shared, { cluster: 'dc4' });
    stranger.join(gateway, [await balancerBefore(gateway.eastWest.address, version1)]);
    await until('it to be refused', () => refused(gateway, 'CERT_UNTRUSTED') > 0);
    t.not(stranger.links.state(gateway.cluster).state, 'up');
  },
);

test.serial(
  'a TCP port passes on what follows the header, which comes with it or later',
  async (t) => {
    const address = edge.addresses['tcp.0'] ?? '';
    for (const pieces of [[`${version1}hello`], [version1, 'hello']]) {
      told.length = 0;
      const socket = await dialTcp(shared, address);
      for (const piece of pieces) socket.write(piece);
      socket.end();
      t.deepEqual(await readAll(socket), { kind: 'ended', text: 'hello' });
      await until('the line of the log', () => told.length === 1);
      t.is(told[0]?.client, '203.0.113.9');
    }
  },
);

test.serial(
  'a proxy of HTTP that is trusted, behind a balancer, is believed for its clients',
  async (t) => {
    const said = `${request}X-Forwarded-For: 6.6.6.6, 198.51.100.7\r\n\r\n`;
    const { address } = gateway.outbound;
    t.regex(await sent(address, `PROXY TCP4 10.1.2.3 192.0.2.1 1 2\r\n${said}`), /^HTTP\/1.1 200 /);
    t.is(forwarded(), '198.51.100.7, 10.1.2.3');
  },
);

test.serial(
  'security: what a client says of itself behind a balancer is not believed, whether the balancer names it or not',
  async (t) => {
    const said = `${request}X-Forwarded-For: 6.6.6.6\r\n\r\n`;
    for (const header of [`${version1}`, 'PROXY UNKNOWN\r\n']) {
      t.regex(await sent(gateway.outbound.address, `${header}${said}`), /^HTTP\/1.1 200 /);
      t.false(`${forwarded()}`.includes('6.6.6.6'));
    }
  },
);

test.serial(
  'security: what comes without a header, or with half of one, is closed without an answer, and counted',
  async (t) => {
    const before = web.requests.length;
    const count = refused(gateway, 'PROXY_HEADER_REFUSED');
    const listeners = [
      gateway.outbound.address,
      gateway.eastWest.address,
      edge.addresses['ingress.0'],
      edge.addresses['tcp.0'],
    ];
    for (const address of listeners) {
      t.is(await sent(address ?? '', `${request}\r\n`), '');
      const going = await dialTcp(shared, address ?? '');
      going.on('error', () => undefined);
      going.end(version1.subarray(0, 20));
    }
    await refusals(gateway, 'PROXY_HEADER_REFUSED', count + 2 * listeners.length);
    // A second header is the client's own.
    t.regex(
      await sent(gateway.outbound.address, `${version1}${version1}${request}\r\n`),
      /^HTTP\/1.1 400 /,
    );
    const looking = await dialTcp(shared, gateway.outbound.address);
    looking.end();
    t.is((await readAll(looking)).kind, 'ended');
    t.is(refused(gateway, 'PROXY_HEADER_REFUSED'), count + 2 * listeners.length);
    t.is(web.requests.length, before);
  },
);

async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

test.serial(
  'security: a header from anybody but a trusted proxy is not read: the connection is closed at once',
  async (t) => {
    const before = web.requests.length;
    const others = await scene(['192.0.2.0/24']);
    for (const address of [
      others.gateway.outbound.address,
      others.gateway.eastWest.address,
      others.edge.addresses['ingress.0'],
      others.edge.addresses['tcp.0'],
    ]) {
      const socket = await dialTcp(shared, address ?? '');
      socket.write(Buffer.concat([version1, Buffer.from(`${request}\r\n`)]));
      socket.on('end', () => socket.destroy());
      await closed(socket);
    }
    await refusals(others.gateway, 'PROXY_UNTRUSTED', 4);
    t.is(web.requests.length, before);
  },
);

test.serial(
  'security: a header that drips is cut off in time, however busily it drips',
  async (t) => {
    const slow = await scene(['127.0.0.1'], { headMs: 300 });
    const socket = await dialTcp(shared, slow.gateway.outbound.address);
    socket.on('end', () => socket.destroy());
    let at = 0;
    const drip = setInterval(() => socket.write(version1.subarray(at, ++at)), 30);
    shared.teardown(() => clearInterval(drip));
    await closed(socket);
    clearInterval(drip);
    t.true(at < version1.length);
    await refusals(slow.gateway, 'PROXY_HEADER_REFUSED', 1);
  },
);
