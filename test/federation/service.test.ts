/** Specifies who may call the federation service, and what it answers. */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { createServer } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import test from 'ava';
import { parseSpiffeId } from '../../certs/spiffe-id.ts';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import { FederationClient } from '../../federation/client.ts';
import { join } from '../../federation/join.ts';
import type { JoinRequest } from '../../federation/messages.ts';
import { joinRequest } from '../../federation/own-records.ts';
import { possessionBytes } from '../../federation/statements.ts';
import { decodeToken } from '../../federation/token.ts';
import {
  acme,
  believes,
  type Cluster,
  cluster,
  founder,
  type Host,
  joining,
  keyOf,
  refused,
  registryOf,
  tokenOf,
} from './fixtures.ts';

type Test = Parameters<typeof founder>[0];

/** A client of `host`'s that proves itself as `by`, or as nobody. */
function clientOf(
  t: Test,
  host: Host,
  by?: Cluster,
  more: { expect?: Cluster; deadlineMs?: number } = {},
) {
  const trust = new TrustStore();
  const expect = (more.expect ?? host).authority.trustDomain;
  trust.set({ ...host.authority.bundle(), trustDomain: expect });
  const { deadlineMs = 8000 } = more;
  const client = new FederationClient({
    address: host.address,
    trust,
    expect,
    identity: by?.leaf,
    deadlineMs,
    clock: systemClock,
  });
  t.teardown(() => client.close());
  return client;
}

test('a member gateway is told who answers and what time it is there', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  await join(await tokenOf(dc1), joining(dc2));
  t.deepEqual(await clientOf(t, dc1, dc2).ping(), {
    federation: 'acme',
    cluster: 'dc1',
    id: dc1.leaf.id.uri,
    timeMs: dc1.clock.now(),
    protocolVersion: 1,
  });
});

test('without a certificate anybody is told the time, and nobody can evict', async (t) => {
  const dc1 = await founder(t);
  const client = clientOf(t, dc1);
  t.like(await client.ping(), { id: dc1.leaf.id.uri, timeMs: dc1.clock.now() });
  await refused(t, 'PEER_REFUSED', () => client.evict({ cluster: 'dc2', force: true }));
});

test('a workload of a member is not a gateway, and can not evict', async (t) => {
  const dc1 = await founder(t);
  const id = parseSpiffeId(`spiffe://${dc1.authority.trustDomain}/ns/shop/sa/cart`);
  const leaf = await dc1.authority.issueLeaf({ id, dnsNames: [] });
  const client = clientOf(t, dc1, { ...dc1, leaf });
  await refused(t, 'PEER_REFUSED', () => client.evict({ cluster: 'dc2', force: true }));
});

test('a certificate of a cluster that is no member is not even listened to', async (t) => {
  const dc1 = await founder(t);
  await refused(t, 'PEER_UNREACHABLE', async () =>
    clientOf(t, dc1, await cluster(t, 'dc9')).ping(),
  );
});

test('a header a caller sends does not make it a gateway', async (t) => {
  const dc1 = await founder(t);
  const session = connect(`https://${dc1.address}`, {
    createConnection: () => {
      const [host, port] = dc1.address.split(':');
      return tlsConnect({
        host,
        port: Number(port),
        ALPNProtocols: ['h2'],
        ca: dc1.authority.rootPem,
        checkServerIdentity: () => undefined,
      });
    },
  });
  t.teardown(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/isthmus.federation.v1.Federation/Evict',
    'content-type': 'application/grpc',
    te: 'trailers',
    'x-forwarded-client-cert': `URI=${dc1.leaf.id.uri}`,
    caller: dc1.leaf.id.uri,
  });
  stream.end(Buffer.alloc(5));
  const status = await new Promise((resolve, reject) => {
    stream.on('response', (headers) => headers['grpc-status'] && resolve(headers['grpc-status']));
    stream.on('trailers', (trailers) => resolve(trailers['grpc-status']));
    stream.on('error', reject);
    stream.resume();
  });
  t.is(String(status), '7');
});

test('a client refuses a gateway of another trust domain before it sends anything', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  await refused(t, 'CERT_UNTRUSTED', () => clientOf(t, dc1, undefined, { expect: dc2 }).ping());
});

test('a call to a host that does not answer ends at its deadline', async (t) => {
  const dc1 = await founder(t);
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const at = server.address();
  const address = `127.0.0.1:${typeof at === 'object' ? at?.port : 0}`;
  const client = clientOf(t, { ...dc1, address }, undefined, { deadlineMs: 300 });
  await refused(t, 'TIMED_OUT', () => client.ping());
});

test('a member has another, dead cluster leave; a living one only by force; and never the one it asks', async (t) => {
  const dc1 = await founder(t);
  const [dc2, dc3] = [await cluster(t, 'dc2'), await cluster(t, 'dc3')];
  for (const member of [dc2, dc3]) await join(await tokenOf(dc1), joining(member));
  const client = clientOf(t, dc1, dc2);
  const alive = `/isthmus/v1/${acme}/gateways/dc3/g1`;
  await dc1.store.txn([], [{ op: 'put', key: alive, value: '{}' }]);

  await refused(t, 'LEAVE_REFUSED', () => client.evict({ cluster: 'dc3', force: false }));
  await refused(t, 'LEAVE_REFUSED', () => client.evict({ cluster: 'dc1', force: true }));
  await refused(t, 'LEAVE_REFUSED', () => client.evict({ cluster: 'dc2', force: true }));
  await refused(t, 'CLUSTER_NOT_FOUND', () => client.evict({ cluster: 'dc9', force: true }));
  await refused(t, 'NAME_INVALID', () => client.evict({ cluster: '../dc3', force: true }));
  await client.evict({ cluster: 'dc3', force: true });
  const keys = Object.keys(await registryOf(dc1)).filter((key) => key.includes('dc3'));
  t.deepEqual(keys, [`/isthmus/v1/${acme}/departures/dc3`]);
  const told = dc1.acts.map(({ call, object, caller, error }) => [
    ...[call, object, caller.id?.uri, error?.code ?? 'done'],
  ]);
  const id = 'spiffe://dc2.acme/gateway/g1';
  t.deepEqual(told.slice(0, 3), [
    ['Join', 'cluster dc2', undefined, 'done'],
    ['Join', 'cluster dc3', undefined, 'done'],
    ['Evict', 'cluster dc3', id, 'LEAVE_REFUSED'],
  ]);
  t.deepEqual(told.at(-1), ['Evict', 'cluster dc3, forced', id, 'done']);
});

/** Requests with a good token that must be refused, each for one defect. */
const defects: readonly [
  string,
  (good: JoinRequest, cast: { dc2: Cluster; evil: Cluster; token: string }) => JoinRequest,
][] = [
  ['another protocol version', (good) => ({ ...good, protocolVersion: 2 })],
  ['another federation', (good) => ({ ...good, federation: 'other' })],
  ['a name that is none', (good) => ({ ...good, cluster: 'Not A Name' })],
  ["another cluster's name", (good) => ({ ...good, cluster: 'dc3' })],
  ['no proof of the key', (good) => ({ ...good, proof: null })],
  [
    'a proof by another key',
    (good, { evil }) => ({
      ...good,
      proof: { keyId: good.proof?.keyId ?? '', value: evil.authority.sign(new Uint8Array()).value },
    }),
  ],
  [
    'a proof for another admitting cluster',
    (good, { dc2, token }) => {
      const statement = {
        federation: acme,
        cluster: dc2.name,
        token: decodeToken(token).id,
        admitting: dc2.authority.keyId,
      };
      return { ...good, proof: dc2.authority.sign(possessionBytes(statement)) };
    },
  ],
  [
    'a record another key signed',
    (good, { evil, token }) => ({
      ...good,
      clusterRecord: joinRequest(decodeToken(token), evil.self, evil.authority).clusterRecord,
    }),
  ],
  [
    'a bundle another key signed',
    (good, { evil, token }) => ({
      ...good,
      bundleRecord: joinRequest(decodeToken(token), evil.self, evil.authority).bundleRecord,
    }),
  ],
  [
    'a record that was altered',
    (good) => ({ ...good, clusterRecord: good.clusterRecord.replace('"eu"', '"us"') }),
  ],
  [
    'a record of another trust domain',
    (_, { dc2, token }) =>
      joinRequest(decodeToken(token), { ...dc2.self, trustDomain: 'dc1.acme' }, dc2.authority),
  ],
  [
    'a root that is constrained to another trust domain',
    (_, { dc2, token, evil }) => joinRequest(decodeToken(token), dc2.self, evil.authority),
  ],
  ['a record that is no JSON', (good) => ({ ...good, clusterRecord: '{' })],
  ['a record too long to keep', (good) => ({ ...good, bundleRecord: ' '.repeat(70_000) })],
];

test('a join request with any defect is refused, and changes nothing and leaves the token good', async (t) => {
  const dc1 = await founder(t);
  const [dc2, evil] = [await cluster(t, 'dc2'), await cluster(t, 'dc7')];
  const token = await tokenOf(dc1);
  const good = joinRequest(decodeToken(token), dc2.self, dc2.authority);
  const before = await registryOf(dc1);
  const client = clientOf(t, dc1);
  for (const [defect, spoil] of defects) {
    const request = spoil(good, { dc2, evil, token });
    const error = await t.throwsAsync(client.join(request), undefined, defect);
    t.is(
      (error as unknown as { code: string }).code,
      'JOIN_REFUSED',
      `${defect}: ${error.message}`,
    );
    t.false(error.message.includes(good.tokenSecret));
    await refused(t, 'JOIN_REFUSED', () => client.preview(request));
  }
  t.deepEqual(await registryOf(dc1), before);
  t.is((await client.join(good)).members.length, 2);
});

test('a request that is too large is refused unread', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const good = joinRequest(decodeToken(await tokenOf(dc1)), dc2.self, dc2.authority);
  const huge = { ...good, bundleRecord: 'x'.repeat(300_000) };
  await refused(t, 'BODY_TOO_LARGE', () => clientOf(t, dc1).join(huge));
});

test('the same request again gets the same answer, from another cluster it does not', async (t) => {
  const dc1 = await founder(t);
  const [dc2, other] = [await cluster(t, 'dc2'), await cluster(t, 'dc2')];
  const token = await tokenOf(dc1);
  const request = joinRequest(decodeToken(token), dc2.self, dc2.authority);
  const client = clientOf(t, dc1);
  const answer = await client.join(request);
  const after = await registryOf(dc1);
  t.deepEqual(await client.join(request), answer);
  t.deepEqual(await registryOf(dc1), after);
  const stolen = joinRequest(decodeToken(token), other.self, other.authority);
  await refused(t, 'TOKEN_INVALID', () => client.join(stolen));
  t.deepEqual(dc1.refusedTokens, ['TOKEN_USED']);
});

test('a token that somebody else wrote into the registry admits nobody', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const forged = await tokenOf({ ...dc1, authority: dc2.authority });
  await refused(t, 'TOKEN_INVALID', () =>
    clientOf(t, dc1).join(joinRequest(decodeToken(forged), dc2.self, dc2.authority)),
  );
});

test('a member whose records are forged in the registry is not handed on to newcomers', async (t) => {
  const dc1 = await founder(t);
  const [dc2, evil, dc3] = [
    await cluster(t, 'dc2'),
    await cluster(t, 'dc2'),
    await cluster(t, 'dc3'),
  ];
  await join(await tokenOf(dc1), joining(dc2));
  const forged = joinRequest(decodeToken(await tokenOf(dc1)), evil.self, evil.authority);
  await dc1.store.txn(
    [],
    [
      { op: 'put', key: keyOf('bundles', dc2.name), value: forged.bundleRecord },
      { op: 'put', key: keyOf('clusters', dc2.name), value: forged.clusterRecord },
    ],
  );
  const joined = await join(await tokenOf(dc1), joining(dc3));
  t.deepEqual(Object.keys(joined.pins), ['dc1']);
  t.true(believes(dc1.trustStore, dc2));
});

test('who guesses tokens is not listened to for a minute', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  const good = joinRequest(decodeToken(await tokenOf(dc1)), dc2.self, dc2.authority);
  const client = clientOf(t, dc1);
  for (let guess = 0; guess < 10; guess++) {
    await refused(t, 'TOKEN_INVALID', () =>
      client.join({ ...good, tokenSecret: `guess ${guess}` }),
    );
  }
  await refused(t, 'JOIN_LIMITED', () => client.join(good));
  dc1.clock.advance(60_000);
  t.is((await client.join(good)).members.length, 2);
});
