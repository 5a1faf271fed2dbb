/** Specifies joining: what both sides know after it, and that a refusal changes nothing on either. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { createMutualTlsServer } from '../../certs/tls.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import { join, resumeJoin } from '../../federation/join.ts';
import { previewJoin } from '../../federation/join-preview.ts';
import { MembershipFile } from '../../federation/member.ts';
import { decodeToken, encodeToken } from '../../federation/token.ts';
import { startEtcd } from '../support/etcd.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import {
  believes,
  cluster,
  founder,
  joining,
  keyOf,
  look,
  refused,
  registry,
  registryOf,
  tokenOf,
  trustOf,
} from './fixtures.ts';

test('a cluster that joins is believed by the one that admits it, and believes it in turn', async (t) => {
  const etcd = await startEtcd(t);
  const dc1 = await founder(t, etcd.address);
  const dc2 = await cluster(t, 'dc2');
  const joined = await join(await tokenOf(dc1), joining(dc2));

  t.deepEqual(joined.registry, { kind: 'etcd', endpoints: [etcd.address] });
  const trustStore = new TrustStore();
  t.true(trustOf(dc2, trustStore).clusters.has(dc1.name));
  t.true(believes(trustStore, dc1));
  await look(dc1, dc2.name);
  t.true(believes(dc1.trustStore, dc2));
});

test('membership outlives a restart with the registry and every other cluster down', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const joined = await join(await tokenOf(dc1), joining(dc2));

  const file = await MembershipFile.open(dc2.dataDir);
  t.deepEqual(file.state, joined);
  const trustStore = new TrustStore();
  trustOf({ ...dc2, file }, trustStore);
  t.true(believes(trustStore, dc1));
});

test('a third cluster is told of both, and both come to believe it through the one that admitted it', async (t) => {
  const dc1 = await founder(t);
  const [dc2, dc3] = [await cluster(t, 'dc2'), await cluster(t, 'dc3')];
  await join(await tokenOf(dc1), joining(dc2));
  const joined = await join(await tokenOf(dc1), joining(dc3));
  t.deepEqual(Object.keys(joined.pins).sort(), ['dc1', 'dc2']);

  const trustStore = new TrustStore();
  await look({ ...dc1, trust: trustOf(dc2, trustStore) }, dc3.name);
  t.true(believes(trustStore, dc3));
});

test('security: a token that is wrong, unknown, used, expired or of another federation is refused in the same words, and counted by why', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const good = await tokenOf(dc1);
  const used = await tokenOf(dc1);
  await join(used, joining(await cluster(t, 'dc3')));
  const late = await tokenOf(dc1, [dc1.address], 1_000);
  const before = await registryOf(dc1);
  const elsewhere = await tokenOf(await founder(t));

  const bad = {
    wrong: { ...decodeToken(good), secret: 'x'.repeat(43) },
    unknown: { ...decodeToken(good), id: 'unknown' },
    elsewhere: { ...decodeToken(good), ...idAndSecret(elsewhere) },
    used: decodeToken(used),
    late: decodeToken(late),
  };
  // By its own clock the joiner would say nothing: whether a token has expired is for its issuer to say.
  dc1.clock.advance(2_000);
  const texts = [];
  for (const token of Object.values(bad).map(encodeToken)) {
    for (const act of [join, previewJoin]) {
      const { message, fix } = await refused(t, 'TOKEN_INVALID', () => act(token, joining(dc2)));
      texts.push(`${message} ${fix}`);
      t.is(dc2.file.state.kind, 'standalone');
    }
  }
  t.is(new Set(texts).size, 1);
  t.deepEqual(
    Object.groupBy(dc1.refusedTokens, (code) => code),
    {
      TOKEN_INVALID: Array(6).fill('TOKEN_INVALID'),
      TOKEN_USED: Array(2).fill('TOKEN_USED'),
      TOKEN_EXPIRED: Array(2).fill('TOKEN_EXPIRED'),
    } as never,
  );
  t.deepEqual(await registryOf(dc1), before);
});

test('a token that was not copied whole is refused before anything is sent', async (t) => {
  const dc1 = await founder(t);
  const token = (await tokenOf(dc1)).slice(0, -9);
  const dc2 = await cluster(t, 'dc2');
  const error = await refused(t, 'TOKEN_INVALID', () => join(token, joining(dc2)));
  t.regex(error.message, /truncated/);
  t.deepEqual(dc1.refusedTokens, []);
});

test('a token works once: of two clusters racing with it exactly one is admitted', async (t) => {
  const dc1 = await founder(t);
  const racers = [await cluster(t, 'dc2'), await cluster(t, 'dc3')];
  const token = await tokenOf(dc1);
  const results = await Promise.allSettled(racers.map((racer) => join(token, joining(racer))));

  const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  t.deepEqual(
    lost.map(({ code }) => code),
    ['TOKEN_INVALID'],
  );
  t.deepEqual(dc1.refusedTokens, ['TOKEN_USED']);
  t.deepEqual(racers.map(({ file }) => file.state.kind).sort(), ['member', 'standalone']);
  const members = Object.keys(await registryOf(dc1)).filter((key) => key.includes('/clusters/'));
  t.is(members.length, 2);
});

test("a cluster whose name is taken is refused, and the other's records stay as they are", async (t) => {
  const dc1 = await founder(t);
  await join(await tokenOf(dc1), joining(await cluster(t, 'dc2')));
  const impostor = await cluster(t, 'dc2');
  const token = await tokenOf(dc1);
  const before = await registryOf(dc1);
  await refused(t, 'JOIN_CONFLICT', () => join(token, joining(impostor)));
  t.deepEqual(await registryOf(dc1), before);
  t.is(impostor.file.state.kind, 'standalone');
});

test('a member that joins again is told to leave first', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  await join(await tokenOf(dc1), joining(dc2));
  const token = await tokenOf(dc1);
  await refused(t, 'ALREADY_MEMBER', () => join(token, joining(dc2)));
});

test("nothing is sent to a gateway that doesn't match the token's fingerprint", async (t) => {
  const dc1 = await founder(t);
  const [dc2, impostor] = [await cluster(t, 'dc2'), await cluster(t, 'dc1')];
  const received: Buffer[] = [];
  const connections: (string | undefined)[] = [];
  const server = createMutualTlsServer({
    identity: () => impostor.leaf,
    trust: new TrustStore(),
    clock: systemClock,
    alpn: ['h2'],
    anonymous: 'allowed',
    onPeer(socket) {
      connections.push(socket.remoteAddress);
      socket.on('data', (chunk: Buffer) => received.push(chunk));
      socket.on('error', () => undefined);
    },
    onRefused: () => undefined,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const token = await tokenOf(dc1, [address]);
  await refused(t, 'TOKEN_PIN_MISMATCH', () => join(token, joining(dc2)));
  await refused(t, 'TOKEN_PIN_MISMATCH', () => previewJoin(token, joining(dc2)));
  t.is(Buffer.concat(received).length, 0);
  t.is(dc2.file.state.kind, 'standalone');
});

test('of several addresses the one where the right gateway answers is used', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const silent = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const dead = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  t.is((await join(await tokenOf(dc1, [dead, dc1.address]), joining(dc2))).kind, 'member');
});

test('a token for another federation than the configured one is refused before anything is sent', async (t) => {
  const dc2 = await cluster(t, 'dc2');
  const dc1 = await founder(t);
  const token = encodeToken({
    ...decodeToken(await tokenOf(dc1)),
    federation: 'other' as never,
    addresses: ['127.0.0.1:1'],
  });
  await refused(t, 'JOIN_REFUSED', () => join(token, joining(dc2)));
});

test('an answer that is lost leaves a journal, and joining again gets the same answer', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const proxy = await startTcpProxy({ target: dc1.address });
  t.teardown(() => proxy.close());
  const token = await tokenOf(dc1, [proxy.address]);

  // Cut as soon as the other side has written, before its answer can arrive.
  proxy.setDelay(150);
  const attempt = join(token, joining(dc2));
  const admitted = until('dc2 in the registry', () => dc1.store.get(keyOf('clusters', dc2.name)));
  await Promise.race([admitted, attempt.catch(() => undefined)]);
  proxy.cut();
  const error = await t.throwsAsync(attempt);
  t.regex(error.message, /not known/);
  t.is(dc2.file.state.kind, 'joining');
  t.is((await readFile(dc2.file.path, 'utf8')).includes(token), true);

  const members = await registryOf(dc1);
  dc1.clock.advance(60 * 60_000);
  proxy.restore();
  proxy.setDelay(0);
  const file = await MembershipFile.open(dc2.dataDir);
  const joined = await resumeJoin({ ...joining(dc2), file });
  t.is(joined?.kind, 'member');
  t.deepEqual(await registryOf(dc1), members);
  t.is(await resumeJoin({ ...joining(dc2), file }), undefined);
});

test('a connection cut before anything was sent leaves nothing, and a second try succeeds', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const proxy = await startTcpProxy({ target: dc1.address });
  t.teardown(() => proxy.close());
  const token = await tokenOf(dc1, [proxy.address]);
  const before = await registryOf(dc1);
  proxy.cut();
  await refused(t, 'PEER_UNREACHABLE', () => join(token, joining(dc2)));
  t.is(dc2.file.state.kind, 'standalone');
  t.deepEqual(await registryOf(dc1), before);
  proxy.restore();
  t.is((await join(token, joining(dc2))).kind, 'member');
});

test('a registry that fails during a join leaves it unsettled at most, and a second try succeeds', async (t) => {
  const proxy = await startTcpProxy({ target: await registry(t) });
  t.teardown(() => proxy.close());
  const dc1 = await founder(t, proxy.address);
  const dc2 = await cluster(t, 'dc2');
  const token = await tokenOf(dc1);
  const before = await registryOf(dc1);
  proxy.cut();
  await t.throwsAsync(join(token, joining(dc2)), { message: /not known/ });
  t.is(dc2.file.state.kind, 'joining');
  proxy.restore();
  await until('the registry to be back', async () => (await registryOf(dc1)) !== undefined);
  t.deepEqual(await registryOf(dc1), before);
  t.is((await join(token, joining(dc2))).kind, 'member');
});

test('a refusal after a restart removes the journal', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const token = await tokenOf(dc1);
  await dc2.file.set({ version: 1, kind: 'joining', token, startedAt: 0 });
  dc1.clock.advance(16 * 60_000);
  await refused(t, 'TOKEN_INVALID', () => resumeJoin(joining(dc2)));
  t.is(dc2.file.state.kind, 'standalone');
});

test('another token after an unsettled join settles that one first', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const [first, second] = [await tokenOf(dc1), await tokenOf(dc1)];
  await dc2.file.set({ version: 1, kind: 'joining', token: first, startedAt: 0 });
  t.is((await join(second, joining(dc2))).kind, 'member');
  await join(second, joining(await cluster(t, 'dc3')));
  t.pass('the second token was not used up by dc2');
});

/** How a cluster joins whose clock is so many minutes ahead of the others'. */
function joiningAhead(dc2: Parameters<typeof joining>[0], minutes: number) {
  const now = () => Date.now() + minutes * 60_000;
  return { ...joining(dc2), clock: { ...systemClock, now } };
}

for (const minutes of [-4, 4]) {
  test(`a cluster whose clock is ${minutes} minutes ahead joins all the same`, async (t) => {
    const dc1 = await founder(t);
    // By its own clock the token has expired, or was made in the future.
    const token = await tokenOf(dc1, [dc1.address], 60_000);
    const joined = await join(token, joiningAhead(await cluster(t, 'dc2'), minutes));
    t.is(joined.kind, 'member');
  });
}

for (const [minutes, message] of [
  [20, /20 minutes ahead of that of the one that admits it; 5 minutes are tolerated/],
  [-20, /20 minutes behind that of the one that admits it; 5 minutes are tolerated/],
  // Even the certificate of the other is not valid yet by then.
  [-80, /The clock here is at least (79|80) minutes behind that of the gateway the token names/],
  [2 * 24 * 60, /The clock here is at least 14\d\d minutes ahead of/],
] as const) {
  test(`a cluster whose clock is ${minutes} minutes ahead is told so, and nothing changes on either side`, async (t) => {
    const dc1 = await founder(t);
    const dc2 = await cluster(t, 'dc2');
    const token = await tokenOf(dc1);
    const before = await registryOf(dc1);
    const error = await refused(t, 'CLOCK_SKEW', () => join(token, joiningAhead(dc2, minutes)));
    t.regex(error.message, message);
    t.is(dc2.file.state.kind, 'standalone');
    t.deepEqual(await registryOf(dc1), before);
    // Once it is right, the token is as good as it was.
    t.is((await join(token, joining(dc2))).kind, 'member');
  });
}

function idAndSecret(text: string) {
  const { id, secret } = decodeToken(text);
  return { id, secret };
}
