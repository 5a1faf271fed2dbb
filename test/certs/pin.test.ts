/** Specifies looking for a pinned root before anything is sent. */
import net from 'node:net';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { pinnedRoot } from '../../certs/pin.ts';
import { serverTlsOptions } from '../../certs/tls.ts';
import { fingerprintOf } from '../../certs/x509.ts';
import { until } from '../support/until.ts';
import { cluster, listening, serve, trusting } from './fixtures.ts';
import { forge, tlsCredentials } from './forge.ts';

/** Any TLS server, and all that clients wrote to it, once they have gone. */
async function overheard(t: ExecutionContext, options: tls.TlsOptions) {
  const heard: string[] = [];
  let gone = 0;
  const server = tls.createServer({ minVersion: 'TLSv1.3', ...options }, (socket) => {
    socket.on('data', (chunk) => heard.push(String(chunk)));
    socket.on('error', (error) => t.log(error.message));
    socket.on('close', () => {
      gone += 1;
    });
  });
  return { port: await listening(t, server), heard, gone: () => gone };
}

function pin(port: number, fingerprint: string) {
  return pinnedRoot({ host: '127.0.0.1', port, fingerprint, timeoutMs: 10_000 });
}

test('the pinned root is found, with who answered', async (t) => {
  const dc1 = await cluster(t, 'dc1');
  const { port, accepted } = await serve(t, () => dc1.leaf, trusting(), { anonymous: 'allowed' });
  t.deepEqual(await pin(port, dc1.authority.keyId), {
    rootPem: dc1.authority.rootPem,
    trustDomain: dc1.trustDomain,
    leafId: dc1.leaf.id,
  });
  await until('the end', () => accepted[0]?.socket.destroyed);
  t.is(accepted[0]?.received(), '');
});

test("nothing is sent to a server that doesn't match the pin", async (t) => {
  const [dc1, dc2] = await Promise.all([cluster(t, 'dc1'), cluster(t, 'dc2')]);
  const { port, heard, gone } = await overheard(t, serverTlsOptions(dc2.leaf));
  await t.throwsAsync(pin(port, dc1.authority.keyId), {
    code: 'TOKEN_PIN_MISMATCH',
    message: /does not present the pinned root/,
  });
  await until('the end', () => gone() === 1);
  t.deepEqual(heard, []);
});

test('showing the pinned root beside a leaf of another is not enough', async (t) => {
  const dc1 = await cluster(t, 'dc1');
  const rogue = forge({ name: 'dc1.acme', ca: true });
  const leaf = forge({ name: 'g1', issuer: rogue, uris: [dc1.leaf.id.uri] });
  const shown = tlsCredentials(leaf, rogue.certificate, dc1.authority.root);
  const { port, heard } = await overheard(t, shown);
  await t.throwsAsync(pin(port, dc1.authority.keyId), {
    code: 'TOKEN_PIN_MISMATCH',
    message: /does not vouch for it/,
  });
  t.deepEqual(heard, []);
});

test('a pinned root vouches for no trust domain but its own', async (t) => {
  const dc1 = await cluster(t, 'dc1');
  const uris = ['spiffe://dc2.acme/gateway/g1'];
  const leaf = forge({ name: 'g1', issuer: dc1.stolen, uris });
  const { port } = await overheard(t, tlsCredentials(leaf, dc1.authority.root));
  await t.throwsAsync(pin(port, dc1.authority.keyId), { code: 'TOKEN_PIN_MISMATCH' });
});

test('a leaf that is pinned itself is not a root', async (t) => {
  const dc1 = await cluster(t, 'dc1');
  const leaf = forge({ name: 'g1', uris: [dc1.leaf.id.uri] });
  const { port } = await overheard(t, tlsCredentials(leaf));
  const fingerprint = fingerprintOf(leaf.certificate.raw);
  await t.throwsAsync(pin(port, fingerprint), { code: 'TOKEN_PIN_MISMATCH' });
});

test('a pin of another length matches nothing', async (t) => {
  const dc1 = await cluster(t, 'dc1');
  const { port } = await overheard(t, serverTlsOptions(dc1.leaf));
  for (const fingerprint of ['', dc1.authority.keyId.slice(1), `${dc1.authority.keyId}=`]) {
    await t.throwsAsync(pin(port, fingerprint), { code: 'TOKEN_PIN_MISMATCH' });
  }
});

test('a server that is not there or not TLS is unreachable', async (t) => {
  const server = net.createServer((socket) => socket.resume().end('220 welcome\r\n'));
  const port = await listening(t, server);
  await t.throwsAsync(pin(port, 'x'), { code: 'PEER_UNREACHABLE' });
  await new Promise((resolve) => server.close(resolve));
  await t.throwsAsync(pin(port, 'x'), { code: 'PEER_UNREACHABLE' });
});
