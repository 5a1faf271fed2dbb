/** Specifies leaving and evicting, and founding anew. */
import test from 'ava';
import { TrustStore } from '../../certs/trust-store.ts';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { parseClusterName, serviceName } from '../../core/names.ts';
import { announce, found } from '../../federation/announce.ts';
import { FederationClient } from '../../federation/client.ts';
import { join } from '../../federation/join.ts';
import { evict, evictThrough, leave } from '../../federation/leave.ts';
import { MembershipFile } from '../../federation/member.ts';
import { startEmbeddedRegistry } from '../../registry/embedded/index.ts';
import { encodeKey, type RegistryKey } from '../../registry/keys.ts';
import { encodePolicyKey } from '../../registry/policy-keys.ts';
import { type Signer, signRecord } from '../../registry/signing.ts';
import type { Store, WriteOp } from '../../registry/store.ts';
import { startEtcd } from '../support/etcd.ts';
import { openStore } from '../support/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  acme,
  type Cluster,
  cluster,
  founder,
  joining,
  keyOf,
  look,
  refused,
  registry,
  registryOf,
  serve,
  tokenOf,
} from './fixtures.ts';

/** For departures that nobody verifies here. */
const anySigner: Signer = { sign: () => ({ keyId: 'any', value: 'any' }) };

/** Who leaves, and at whose wish. */
function goes(name: string, by = name, signer = anySigner) {
  return { cluster: parseClusterName(name), by: parseClusterName(by), signer, clock: systemClock };
}

/** One record of every kind that a cluster owns. */
function keysOf(name: string): string[] {
  const owner = parseClusterName(name);
  const service = serviceName('shop', 'cart');
  const keys: RegistryKey[] = [
    { kind: 'clusters', cluster: owner },
    { kind: 'bundles', cluster: owner },
    { kind: 'synced', cluster: owner },
    { kind: 'gateways', cluster: owner, id: 'g1' },
    { kind: 'endpoints', cluster: owner, service, id: 'one' },
    { kind: 'exports', cluster: owner, service },
  ];
  const policy = { cluster: owner, namespace: 'shop', kind: 'TrafficPolicy', name: 'cart' };
  return [...keys.map((key) => encodeKey(acme, key)), encodePolicyKey(acme, policy)];
}

for (const kind of ['a real etcd', 'the embedded registry']) {
  test(`leave removes everything of that cluster and nothing else, in ${kind}`, async (t) => {
    const address = kind === 'a real etcd' ? (await startEtcd(t)).address : await registry(t);
    const store = openStore(t, { endpoints: [`http://${address}`] });
    const names = ['dc1', 'dc10', 'dc', 'dc1-b'];
    for (const name of names) {
      await store.txn(
        [],
        keysOf(name).map((key) => ({ op: 'put', key, value: '{}' })),
      );
    }
    await leave({ store, federation: acme, ...goes('dc1') });
    const { values } = await store.list(`/isthmus/v1/${acme}/`);
    const departure = encodeKey(acme, { kind: 'departures', cluster: parseClusterName('dc1') });
    const rest = [...names.filter((name) => name !== 'dc1').flatMap(keysOf), departure];
    t.deepEqual(
      values.map(({ key }) => key),
      rest.sort(),
    );
    await t.notThrowsAsync(leave({ store, federation: acme, ...goes('dc1') }));
  });
}

test('tokens go with the cluster that made them, however many, and whatever they are', async (t) => {
  const dc1 = await founder(t);
  const keys = Array.from({ length: 300 }, (_, i) =>
    encodeKey(acme, { kind: 'tokens', cluster: parseClusterName('dc2'), id: `t${i}` }),
  );
  for (let start = 0; start < keys.length; start += 100) {
    await dc1.store.txn(
      [],
      keys.slice(start, start + 100).map((key) => ({ op: 'put', key, value: 'broken' })),
    );
  }
  await tokenOf(dc1);
  await leave({ store: dc1.store, federation: acme, ...goes('dc2') });
  const tokens = Object.keys(await registryOf(dc1)).filter((key) => key.includes('/tokens/'));
  t.is(tokens.length, 1);
  t.true(tokens[0]?.startsWith('/isthmus/v1/acme/tokens/dc1/'));
});

test('a federation is founded once, also when the founding was interrupted', async (t) => {
  const store = openStore(t, { endpoints: [`http://${await registry(t)}`] });
  const dc1 = await cluster(t, 'dc1');
  const options = {
    store,
    federation: acme,
    self: dc1.self,
    authority: dc1.authority,
    registry: { kind: 'etcd' as const, endpoints: ['127.0.0.1:2379'] },
  };
  await found({ ...options, file: dc1.file });
  const { values: before } = await store.list('/');
  t.is(dc1.file.state.kind, 'founder');
  await found({ ...options, file: await MembershipFile.open(await tempDir(t)) });
  t.deepEqual((await store.list('/')).values, before);

  const second = await cluster(t, 'dc2');
  const { message, fix } = await refused(t, 'JOIN_CONFLICT', () =>
    found({ ...options, self: second.self, authority: second.authority, file: second.file }),
  );
  t.regex(message, /the registry has it already, with dc1/);
  t.regex(fix, /Remove `found: true`.*isthmus join/);
  t.deepEqual((await store.list('/')).values, before);

  const impostor = await cluster(t, 'dc1');
  await refused(t, 'AUTHORITY_LOST', () =>
    found({ ...options, self: impostor.self, authority: impostor.authority, file: impostor.file }),
  );
  t.is(impostor.file.state.kind, 'standalone');
});

test('a cluster announces what changed, keeps its admission, and does not bring itself back once evicted', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  await join(await tokenOf(dc1), joining(dc2));
  const own = ownOf(dc1.store, dc2);
  const before = await registryOf(dc1);
  await announce({ ...own, self: dc2.self });
  t.deepEqual(await registryOf(dc1), before);

  const part = { eastWest: ['10.9.9.9:1'], federation: ['10.9.9.9:2'], zones: ['a'] };
  await announce({ ...own, self: { ...dc2.self, gateways: { g1: part } } });
  const after = await registryOf(dc1);
  t.regex(after[keyOf('clusters', dc2.name)] ?? '', /10\.9\.9\.9/);
  t.is(after[keyOf('bundles', dc2.name)], before[keyOf('bundles', dc2.name)]);

  await leave({ store: dc1.store, federation: acme, ...goes('dc2', 'dc1') });
  const gone = await registryOf(dc1);
  const { message } = await refused(t, 'NOT_A_MEMBER', () => announce({ ...own, self: dc2.self }));
  t.regex(message, /^dc2 was evicted from acme by dc1 at /);
  t.deepEqual(await registryOf(dc1), gone);
});

test('records that the registry has lost are written again, with the admission they had', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await cluster(t, 'dc2');
  await join(await tokenOf(dc1), joining(dc2));
  const before = await registryOf(dc1);
  const { admission } = JSON.parse(before[keyOf('bundles', dc2.name)] ?? '');
  const prefix = `/isthmus/v1/${acme}/`;
  await dc1.store.txn([], [{ op: 'delete-prefix', prefix }]);
  t.true(await announce({ ...ownOf(dc1.store, dc2), admission, self: dc2.self }));
  const after = await registryOf(dc1);
  t.deepEqual(Object.keys(after), [keyOf('bundles', dc2.name), keyOf('clusters', dc2.name)]);
  for (const [key, text] of Object.entries(after)) {
    t.deepEqual(unsigned(text), unsigned(before[key] ?? ''));
  }
  t.false(await announce({ ...ownOf(dc1.store, dc2), admission, self: dc2.self }));
});

test('gateways of one cluster say together where they are, until one is gone', async (t) => {
  const dc1 = await founder(t);
  const own = ownOf(dc1.store, dc1);
  const at = (host: string) => ({
    eastWest: [`${host}:1`],
    federation: [`${host}:2`],
    zones: [host],
  });
  const record = async () => JSON.parse((await registryOf(dc1))[keyOf('clusters', dc1.name)] ?? '');
  await announce({ ...own, self: { ...dc1.self, gateways: { g2: at('b') } } });
  await announce({ ...own, self: { ...dc1.self, gateways: { g3: at('c') } } });
  t.like(await record(), {
    eastWest: ['127.0.0.1:7443', 'b:1', 'c:1'],
    federation: ['127.0.0.1:7444', 'b:2', 'c:2'],
    zones: ['a', 'b', 'c'],
  });
  const gone = (id: string) => id === 'g2';
  await announce({ ...own, self: dc1.self, gone });
  t.like(await record(), { eastWest: ['127.0.0.1:7443', 'c:1'], zones: ['a', 'c'] });
});

test('gateways of one cluster that differ in what it can take: what all of them promise holds, whoever says it last', async (t) => {
  const dc1 = await founder(t);
  const own = ownOf(dc1.store, dc1);
  const at = { eastWest: ['b:1'], federation: ['b:2'], zones: ['a'] };
  const say = (id: string, capacity?: number) =>
    announce({
      ...own,
      self: {
        ...dc1.self,
        ...(capacity !== undefined && { capacity }),
        gateways: { [id]: { ...at, ...(capacity !== undefined && { capacity }) } },
      },
    });
  const capacity = async () =>
    JSON.parse((await registryOf(dc1))[keyOf('clusters', dc1.name)] ?? '').capacity;
  await say('g2', 500);
  await say('g3', 1000);
  t.is(await capacity(), 500);
  await say('g4');
  t.is(await capacity(), 500, 'one that does not say takes nothing back');
  await say('g2', 2000);
  t.is(await capacity(), 1000);
});

test('a gateway of another region than its siblings is refused, until they give no sign of life', async (t) => {
  const dc1 = await founder(t);
  const own = ownOf(dc1.store, dc1);
  const at = { eastWest: ['b:1'], federation: ['b:2'], zones: ['a'] };
  const of = (id: string, region: string) => ({
    ...dc1.self,
    region,
    gateways: { [id]: { ...at, region } },
  });
  await announce({ ...own, self: of('g2', 'eu') });
  const before = await registryOf(dc1);
  const { message } = await refused(t, 'GATEWAYS_DISAGREE', () =>
    announce({ ...own, self: of('g3', 'us') }),
  );
  t.regex(message, /^Gateway g3 of dc1 is configured for the region us, and g2 for eu/);
  t.deepEqual(await registryOf(dc1), before);
  await announce({ ...own, self: of('g2', 'asia') });
  t.regex((await registryOf(dc1))[keyOf('clusters', dc1.name)] ?? '', /"region":"asia"/);
  await announce({ ...own, self: of('g3', 'us'), missed: (id) => id === 'g2' });
  t.regex((await registryOf(dc1))[keyOf('clusters', dc1.name)] ?? '', /"region":"us"/);
});

test('security: what somebody else wrote into the own record is written over, not signed', async (t) => {
  const dc1 = await founder(t);
  const key = keyOf('clusters', dc1.name);
  const { [key]: before = '' } = await registryOf(dc1);
  const record = JSON.parse(before);
  const evil = { eastWest: ['6.6.6.6:1'], federation: ['6.6.6.6:2'], zones: [] };
  const forged = { ...record, gateways: { ...record.gateways, g6: evil } };
  await dc1.store.txn([], [{ op: 'put', key, value: JSON.stringify(forged) }]);
  await announce({ ...ownOf(dc1.store, dc1), self: dc1.self });
  const { [key]: after = '' } = await registryOf(dc1);
  t.deepEqual(unsigned(after), unsigned(before));
});

test('security: a departure that no member signed evicts nobody, and is taken away', async (t) => {
  const dc1 = await founder(t);
  const [dc2, stranger] = [await cluster(t, 'dc2'), await cluster(t, 'dc9')];
  await join(await tokenOf(dc1), joining(dc2));
  await look(dc1, dc2.name);
  const key = keyOf('departures', dc2.name);
  const own = {
    ...ownOf(dc1.store, dc2),
    self: dc2.self,
    verifyDeparture: (at: string, raw: unknown) => dc1.trust.verifyDeparture(dc2.name, at, raw),
  };
  const record = { cluster: dc2.name, by: dc1.name, at: Date.now() };
  for (const forged of [record, signRecord(key, record, stranger.authority)]) {
    const removals = (['clusters', 'bundles'] as const).map((kind): WriteOp => {
      return { op: 'delete', key: keyOf(kind, dc2.name) };
    });
    await dc1.store.txn([], [...removals, { op: 'put', key, value: JSON.stringify(forged) }]);
    t.true(await announce(own));
    t.is(await dc1.store.get(key), undefined);
    t.truthy(await dc1.store.get(keyOf('clusters', dc2.name)));
  }
  await leave({ store: dc1.store, federation: acme, ...goes('dc2', 'dc1', dc1.authority) });
  await refused(t, 'NOT_A_MEMBER', () => announce(own));
});

/** What a cluster needs to announce itself. */
function ownOf(store: Store, { authority }: Cluster) {
  return {
    ...{ store, federation: acme, authority, admission: undefined },
    verifyDeparture: () => {},
    beliefs: { federation: acme, bundles: new Map(), departed: new Map() },
    gone: () => false,
    missed: () => false,
  };
}

function unsigned(text: string): object {
  return { ...JSON.parse(text), signature: undefined };
}

/** dc1, which hosts a registry where each may write only its own, and dc2 and dc3, which have joined it. */
async function hosted(t: Parameters<typeof founder>[0]) {
  const members = await Promise.all(['dc1', 'dc2', 'dc3'].map((name) => cluster(t, name)));
  const [owner, dc2, dc3] = members;
  if (!owner || !dc2 || !dc3) throw new Error('three clusters were asked for');
  const embedded = await startEmbeddedRegistry({
    file: `${await tempDir(t)}/registry.db`,
    listen: '127.0.0.1:0',
    tls: { cert: owner.leaf.chainPem, key: owner.leaf.keyPem },
    trust: members.map(({ authority: { trustDomain, rootPem } }) => ({
      trustDomain,
      rootsPem: [rootPem],
    })),
    hostTrustDomain: owner.authority.trustDomain,
    log: silentLog,
  });
  t.teardown(() => embedded.close());
  const storeOf = ({ leaf }: Cluster) =>
    openStore(t, {
      endpoints: [`https://${embedded.address}`],
      tls: {
        ca: owner.authority.rootPem,
        cert: leaf.chainPem,
        key: leaf.keyPem,
        serverName: owner.authority.trustDomain,
      },
    });
  const store = storeOf(owner);
  const registry = {
    kind: 'embedded' as const,
    endpoints: [embedded.address],
    hostTrustDomain: owner.authority.trustDomain,
  };
  const own = { store, federation: acme, self: owner.self, authority: owner.authority };
  const dc1 = await serve(t, owner, store, await found({ ...own, file: owner.file, registry }));
  for (const member of [dc2, dc3]) await join(await tokenOf(dc1), joining(member));
  return { dc1, dc2, dc3, storeOf };
}

test('a member that may write only its own records can leave', async (t) => {
  const { dc1, dc2, storeOf } = await hosted(t);
  await leave({ store: storeOf(dc2), federation: acme, ...goes('dc2') });
  const keys = Object.keys(await registryOf(dc1)).filter((key) => !key.includes('/tokens/'));
  t.deepEqual(keys, [
    keyOf('bundles', dc1.name),
    keyOf('bundles', parseClusterName('dc3')),
    keyOf('clusters', dc1.name),
    keyOf('clusters', parseClusterName('dc3')),
    keyOf('departures', dc2.name),
  ]);
});

test('a member that may write only its own records has the host of the registry evict a dead one', async (t) => {
  const { dc1, dc2, dc3, storeOf } = await hosted(t);
  const eviction = {
    store: storeOf(dc2),
    federation: acme,
    cluster: dc3.name,
    by: dc2.name,
    signer: dc2.authority,
    force: false,
    known: true,
    clock: systemClock,
  };
  await refused(t, 'REGISTRY_DENIED', () => evict(eviction));
  const trust = new TrustStore();
  trust.set(dc1.authority.bundle());
  const to = (address: string) => () =>
    new FederationClient({
      ...{ address, trust, expect: dc1.authority.trustDomain },
      ...{ identity: dc2.leaf, clock: systemClock },
    });
  // One of its addresses leads nowhere.
  await evictThrough(eviction, [to('127.0.0.1:1'), to(dc1.address)]);
  t.is(await dc1.store.get(keyOf('clusters', dc3.name)), undefined);
});

test('where no member may make another leave, who asks is told so, and who says that it is alive is believed', async (t) => {
  const dc1 = await founder(t);
  const [dc2, dc3] = [await cluster(t, 'dc2'), await cluster(t, 'dc3')];
  for (const member of [dc2, dc3]) await join(await tokenOf(dc1), joining(member));
  const denied = async () => {
    throw new IsthmusError('REGISTRY_DENIED', { what: 'It may write its own records alone' });
  };
  const eviction = {
    ...{ store: { ...dc1.store, list: denied } as unknown as Store, federation: acme },
    ...{ ...goes('dc3', 'dc2'), force: false, known: true },
  };
  await refused(t, 'REGISTRY_DENIED', () => evictThrough(eviction, []));
  const alive = encodeKey(acme, { kind: 'gateways', cluster: dc3.name, id: 'g1' });
  await dc1.store.txn([], [{ op: 'put', key: alive, value: '{}' }]);
  const trust = new TrustStore();
  trust.set(dc1.authority.bundle());
  const way = () =>
    new FederationClient({
      ...{ address: dc1.address, trust, expect: dc1.authority.trustDomain },
      ...{ identity: dc2.leaf, clock: systemClock },
    });
  const never = () => t.fail('the first answer counts') as never;
  await refused(t, 'LEAVE_REFUSED', () => evictThrough(eviction, [way, never]));
});
