/** Specifies who gets through a handshake of mutual TLS, and who doesn't. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import type { LeafIdentity } from '../../certs/authority.ts';
import { gatewayId } from '../../certs/spiffe-id.ts';
import {
  connectMutualTls,
  type MutualTlsClientOptions,
  serverTlsOptions,
} from '../../certs/tls.ts';
import { systemClock } from '../../core/clock.ts';
import { until } from '../support/until.ts';
import { cluster, listening, serve, trusting, watched } from './fixtures.ts';
import { forge, tlsCredentials } from './forge.ts';

/** Two clusters that trust each other; dc1 serves. */
async function pair(t: ExecutionContext) {
  const [dc1, dc2] = await Promise.all([cluster(t, 'dc1'), cluster(t, 'dc2')]);
  const serverTrust = trusting(dc1, dc2);
  const clientTrust = trusting(dc1, dc2);
  const served = await serve(t, () => dc1.leaf, serverTrust);

  async function connect(options: Partial<MutualTlsClientOptions> = {}) {
    const socket = await connectMutualTls({
      host: '127.0.0.1',
      port: served.port,
      identity: dc2.leaf,
      trust: clientTrust,
      expect: dc1.trustDomain,
      clock: systemClock,
      timeoutMs: 10_000,
      ...options,
    });
    t.teardown(() => socket.destroy());
    return { socket, ...watched(socket) };
  }

  return { dc1, dc2, serverTrust, clientTrust, connect, ...served };
}

/** A client of `node:tls` that believes anyone, with any credentials. */
function dial(t: ExecutionContext, port: number, options: tls.ConnectionOptions = {}) {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  t.teardown(() => socket.destroy());
  return { socket, ...watched(socket) };
}

function credentials({ chainPem, keyPem }: LeafIdentity) {
  return { cert: chainPem, key: keyPem };
}

/** A TLS server with any credentials, and what clients wrote to it. */
async function impostor(t: ExecutionContext, options: tls.TlsOptions) {
  const heard: string[] = [];
  const server = tls.createServer({ minVersion: 'TLSv1.3', ...options });
  const sockets: tls.TLSSocket[] = [];
  server.on('secureConnection', (socket) => {
    sockets.push(socket);
    socket.on('error', (error) => t.log(error.message));
    socket.on('data', (chunk) => heard.push(String(chunk)));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  return { port: await listening(t, server), heard };
}

test('two gateways that trust each other know who the other is and talk', async (t) => {
  const { connect, accepted, dc2 } = await pair(t);
  const { socket, received } = await connect();
  socket.write('hello');
  await until('the echo', () => received() === 'hello');
  t.is(accepted[0]?.peer?.uri, gatewayId(dc2.trustDomain, 'g1').uri);
  t.is(socket.getProtocol(), 'TLSv1.3');
});

test('what a client sends right behind its handshake is not lost', async (t) => {
  const { dc2, port } = await pair(t);
  const { socket, received } = dial(t, port, credentials(dc2.leaf));
  socket.write('early');
  await until('the echo', () => received() === 'early');
  t.pass();
});

test('both sides agree on a protocol', async (t) => {
  const { dc1, dc2, clientTrust, serverTrust, connect } = await pair(t);
  const alpn = ['isthmus/1', 'h2'];
  const { port, accepted } = await serve(t, () => dc1.leaf, serverTrust, { alpn });
  const { socket } = await connect({ port, alpn: ['h2'], trust: clientTrust, identity: dc2.leaf });
  t.is(socket.alpnProtocol, 'h2');
  await until('the connection', () => accepted.length === 1);
  t.is(accepted[0]?.socket.alpnProtocol, 'h2');
});

test('a client of a cluster without a bundle is refused before a byte is read', async (t) => {
  const { accepted, port, refused } = await pair(t);
  const stranger = await cluster(t, 'dc3');
  const { socket } = dial(t, port, credentials(stranger.leaf));
  socket.write('hello');
  await once(socket, 'close');
  t.is(refused[0]?.error.code, 'CERT_UNTRUSTED');
  t.is(refused[0]?.remoteAddress, '127.0.0.1');
  t.deepEqual(accepted, []);
});

test("a client that the root of dc2 vouches for can't be a gateway of dc1", async (t) => {
  const { accepted, port, refused, dc1, dc2 } = await pair(t);
  const uris = [gatewayId(dc1.trustDomain, 'g1').uri];
  const leaf = forge({ name: 'leaf', issuer: dc2.stolen, uris });
  const { socket } = dial(t, port, tlsCredentials(leaf, dc2.authority.root));
  await once(socket, 'close');
  t.is(refused[0]?.error.code, 'CERT_UNTRUSTED');
  t.deepEqual(accepted, []);
});

test('a client without a certificate is refused', async (t) => {
  const { accepted, port, refused } = await pair(t);
  const { socket } = dial(t, port);
  await once(socket, 'close');
  t.is(refused[0]?.error.code, 'CERT_UNTRUSTED');
  t.deepEqual(accepted, []);
});

test('where anonymous clients are allowed, one is handed over as nobody and an impostor is still refused', async (t) => {
  const { dc1, serverTrust } = await pair(t);
  const { port, accepted, refused } = await serve(t, () => dc1.leaf, serverTrust, {
    anonymous: 'allowed',
  });
  const nobody = dial(t, port);
  nobody.socket.write('hello');
  await until('the echo', () => nobody.received() === 'hello');
  t.is(accepted[0]?.peer, undefined);
  const stranger = dial(t, port, credentials((await cluster(t, 'dc3')).leaf));
  await once(stranger.socket, 'close');
  t.is(refused[0]?.error.code, 'CERT_UNTRUSTED');
  t.is(accepted.length, 1);
});

test('a handshake that is never finished ends, and is reported', async (t) => {
  const { dc1, serverTrust } = await pair(t);
  const options = { handshakeTimeoutMs: 50 };
  const { port, refused } = await serve(t, () => dc1.leaf, serverTrust, options);
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'close');
  t.is(refused[0]?.error.code, 'PEER_REFUSED');
});

test('what is not TLS 1.3 is refused', async (t) => {
  const { port, refused, dc2 } = await pair(t);
  const old = dial(t, port, { ...credentials(dc2.leaf), maxVersion: 'TLSv1.2' });
  await until('the alert', () => old.error());
  const plain = net.connect(port, '127.0.0.1');
  plain.write('GET / HTTP/1.1\r\n\r\n');
  await once(plain.resume(), 'close');
  await until('both reports', () => refused.length === 2);
  t.deepEqual(
    refused.map(({ error }) => error.code),
    ['PEER_REFUSED', 'PEER_REFUSED'],
  );
});

test('no session is ever resumed', async (t) => {
  const { port, dc2, accepted } = await pair(t);
  const first = dial(t, port, credentials(dc2.leaf));
  const sessions: Buffer[] = [];
  first.socket.on('session', (session) => sessions.push(session));
  first.socket.write('hello');
  await until('the echo', () => first.received() === 'hello');
  for (const session of [...sessions, first.socket.getSession()]) {
    const again = dial(t, port, { ...credentials(dc2.leaf), ...(session && { session }) });
    again.socket.write('again');
    await until('the echo', () => again.received() === 'again');
    t.false(again.socket.isSessionReused());
  }
  t.true(accepted.length >= 2);
  t.true(accepted.every(({ socket, peer }) => !socket.isSessionReused() && peer !== undefined));
});

test('a removed root cuts its live connections, on both sides, and nobody else’s', async (t) => {
  const { connect, accepted, serverTrust, clientTrust, dc1, dc2 } = await pair(t);
  const dc3 = await cluster(t, 'dc3');
  serverTrust.set(dc3.authority.bundle());
  const [cutByServer, spared] = [await connect(), await connect({ identity: dc3.leaf })];
  await until('both connections', () => accepted.length === 2);
  const ofDc2 = accepted.find(({ peer }) => peer?.trustDomain === dc2.trustDomain);
  serverTrust.remove(dc2.trustDomain);
  t.true(ofDc2?.socket.destroyed);
  await once(cutByServer.socket, 'close');
  t.like(ofDc2?.error(), { code: 'CERT_UNTRUSTED' });

  spared.socket.write('still here');
  await until('the echo', () => spared.received() === 'still here');
  clientTrust.remove(dc1.trustDomain);
  t.true(spared.socket.destroyed);
  await until('the error', () => spared.error());
  t.like(spared.error(), { code: 'CERT_UNTRUSTED' });
});

test('a bundle that is replaced cuts those whose root is gone and keeps those whose root stays', async (t) => {
  const { connect, accepted, serverTrust, dc2 } = await pair(t);
  const { socket, received } = await connect();
  await until('the connection', () => accepted.length === 1);
  const bundle = dc2.authority.bundle();
  const next = forge({ name: 'next', ca: true }).certificate;
  serverTrust.set({ ...bundle, roots: [...bundle.roots, next] });
  socket.write('hello');
  await until('the echo', () => received() === 'hello');
  serverTrust.set({ ...bundle, roots: [next] });
  await once(socket, 'close');
  t.like(accepted[0]?.error(), { code: 'CERT_UNTRUSTED' });
});

test('a closed connection listens to trust no more', async (t) => {
  const { connect, accepted, serverTrust, dc2 } = await pair(t);
  const { socket } = await connect();
  await until('the connection', () => accepted.length === 1);
  socket.end();
  await until('its end', () => accepted[0]?.socket.destroyed);
  serverTrust.remove(dc2.trustDomain);
  t.is(accepted[0]?.error(), undefined);
});

test('a renewed leaf proves the next connection and leaves the others alone', async (t) => {
  const { dc1, connect, serverTrust } = await pair(t);
  let leaf = dc1.leaf;
  const { port, server } = await serve(t, () => leaf, serverTrust);
  const before = await connect({ port });
  leaf = await dc1.authority.issueLeaf({ id: leaf.id, dnsNames: [] });
  server.updateIdentity();
  const after = await connect({ port });
  t.is(serialOf(before.socket), new X509Certificate(dc1.leaf.certPem).serialNumber);
  t.is(serialOf(after.socket), new X509Certificate(leaf.certPem).serialNumber);
  before.socket.write('hello');
  await until('the echo', () => before.received() === 'hello');
});

test('nothing is written to a server of another trust domain than expected', async (t) => {
  const { connect, dc2, clientTrust } = await pair(t);
  const { port, heard } = await impostor(t, serverTlsOptions(dc2.leaf));
  await t.throwsAsync(connect({ port, trust: clientTrust }), {
    code: 'CERT_UNTRUSTED',
    message: /dc2\.acme\/gateway\/g1 answered, where dc1\.acme was expected/,
  });
  t.deepEqual(heard, []);
});

test('nothing is written to a server that nobody trusted vouches for', async (t) => {
  const { connect, dc1 } = await pair(t);
  const rogue = forge({ name: 'dc1.acme', ca: true });
  const leaf = forge({ name: 'g1', issuer: rogue, uris: [gatewayId(dc1.trustDomain, 'g1').uri] });
  const { port, heard } = await impostor(t, tlsCredentials(leaf, rogue.certificate));
  await t.throwsAsync(connect({ port }), { code: 'CERT_UNTRUSTED' });
  t.deepEqual(heard, []);
});

test('a server that nobody is at is unreachable', async (t) => {
  const { connect } = await pair(t);
  const server = net.createServer();
  const port = await listening(t, server);
  await new Promise((resolve) => server.close(resolve));
  await t.throwsAsync(connect({ port }), { code: 'PEER_UNREACHABLE' });
});

test('a server that never answers is unreachable in bounded time', async (t) => {
  const { connect } = await pair(t);
  const server = net.createServer((socket) => t.teardown(() => socket.destroy()));
  const port = await listening(t, server);
  await t.throwsAsync(connect({ port, timeoutMs: 50 }), {
    code: 'PEER_UNREACHABLE',
    message: /within 50 ms/,
  });
});

test('a server that hangs up during the handshake is unreachable', async (t) => {
  const { connect } = await pair(t);
  const port = await listening(
    t,
    net.createServer((socket) => socket.destroy()),
  );
  await t.throwsAsync(connect({ port }), { code: 'PEER_UNREACHABLE' });
});

test('OpenSSL, knowing nothing of SPIFFE, takes from the root of dc1 leaves of dc1 only', async (t) => {
  const dc1 = await cluster(t, 'dc1');

  async function verdictOn(trustDomain: string): Promise<string> {
    const uris = [`spiffe://${trustDomain}/gateway/g1`];
    const leaf = forge({ name: 'leaf', issuer: dc1.stolen, uris });
    const { port } = await impostor(t, tlsCredentials(leaf));
    const { socket } = dial(t, port, {
      ca: dc1.authority.rootPem,
      rejectUnauthorized: true,
      checkServerIdentity: () => undefined,
    });
    return await once(socket, 'secureConnect').then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  }

  t.is(await verdictOn('dc1.acme'), 'accepted');
  t.is(await verdictOn('dc2.acme'), 'permitted subtree violation');
});

function serialOf(socket: tls.TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.serialNumber;
}
