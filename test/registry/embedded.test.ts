/** Specifies the embedded registry as a server: etcdctl, mutual TLS, who may do what, and refusals to start. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { gatewayId, parseSpiffeId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import {
  type EmbeddedRegistryOptions,
  startEmbeddedRegistry,
} from '../../registry/embedded/index.ts';
import type { StoreState } from '../../registry/store.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { openStore } from '../support/store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { rawClient } from './raw-client.ts';

async function start(t: ExecutionContext, options: Partial<EmbeddedRegistryOptions> = {}) {
  const file = join(await tempDir(t), 'registry.db');
  const registry = await startEmbeddedRegistry({
    file,
    listen: '127.0.0.1:0',
    log: silentLog,
    ...options,
  });
  t.teardown(() => registry.close());
  return { registry, file, store: openStore(t, { endpoints: [`http://${registry.address}`] }) };
}

/** A cluster's authority, and a certificate of its own for each gateway or workload. */
async function cluster(t: ExecutionContext, name: string) {
  const dir = await tempDir(t);
  const trustDomain = parseTrustDomain(`${name}.acme`);
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock });
  const issue = async (id = gatewayId(trustDomain, 'g1')) => {
    const leaf = await authority.issueLeaf({
      id,
      dnsNames: ['localhost', `${name}.acme`],
      ipAddresses: ['127.0.0.1'],
    });
    return { cert: leaf.chainPem, key: leaf.keyPem };
  };
  const trusted = { trustDomain, rootsPem: [authority.rootPem] };
  return { dir, trustDomain, ca: authority.rootPem, trusted, issue, identity: await issue() };
}

/** A registry hosted by dc1 of which dc2 and dc10 are members. */
async function federation(t: ExecutionContext) {
  const [dc1, dc2, dc10] = [
    await cluster(t, 'dc1'),
    await cluster(t, 'dc2'),
    await cluster(t, 'dc10'),
  ];
  const { registry } = await start(t, {
    tls: dc1.identity,
    hostTrustDomain: dc1.trustDomain,
    trust: [dc1.trusted, dc2.trusted, dc10.trusted],
  });
  const endpoints = [`https://${registry.address}`];
  const storeOf = (who: { cert: string; key: string }) =>
    openStore(t, { endpoints, tls: { ca: dc1.ca, ...who } });
  return { registry, dc1, dc2, dc10, endpoints, storeOf };
}

const root = '/isthmus/v1/acme/';
const put = (key: string, lease?: string) =>
  [{ op: 'put', key: root + key, value: 'x', ...(lease === undefined ? {} : { lease }) }] as const;
const denied = { code: 'REGISTRY_DENIED', message: 'etcdserver: permission denied' };

/** What etcdctl is used for, over whatever connection. */
async function exerciseEtcdctl(t: ExecutionContext, ctl: Etcdctl): Promise<void> {
  t.is(await ctl('put', 'a/1', 'one'), 'OK\n');
  await ctl('put', 'a/2', 'two');
  t.is(await ctl('get', '--prefix', 'a/'), 'a/1\none\na/2\ntwo\n');
  t.is(
    await ctl('get', 'a/', 'a0', '--keys-only', '--order', 'DESCEND', '--limit', '1'),
    'a/2\n\n',
  );
  const watch = ctl.start('watch', '--prefix', 'a/', '--rev', '2');
  t.is(await ctl('del', 'a/2', '--prev-kv'), '1\na/2\ntwo\n');
  await until('the watch', () => watch.output().includes('DELETE'));
  t.is(watch.output(), 'PUT\na/1\none\nPUT\na/2\ntwo\nDELETE\na/2\n\n');

  const txn = await ctl.withInput(
    'value("a/1") = "one"\n\nput a/3 three\nget a/1\n\nput a/4 four\n\n',
    'txn',
  );
  t.is(txn, 'SUCCESS\n\nOK\n\na/1\none\n');

  const lease =
    /lease (\w+) granted with TTL\(30s\)/.exec(await ctl('lease', 'grant', '30'))?.[1] ?? '';
  await ctl('put', 'leased', 'x', '--lease', lease);
  t.regex(
    await ctl('lease', 'timetolive', lease, '--keys'),
    /granted with TTL\(30s\), remaining\((2\d|30)s\), attached keys\(\[leased\]\)/,
  );
  t.regex(await ctl('lease', 'keep-alive', '--once', lease), /keepalived with TTL\(30\)/);
  t.regex(await ctl('lease', 'list'), new RegExp(lease));
  await ctl('lease', 'revoke', lease);
  t.is(await ctl('get', 'leased'), '');
  t.regex(await ctl('lease', 'timetolive', lease), /already expired/);

  t.regex(await ctl('member', 'list'), /started, embedded/);
  t.regex(await ctl('endpoint', 'status'), /3\.4\.23/);
  await t.notThrowsAsync(ctl('endpoint', 'health'));
  t.is(await ctl('compaction', '5'), 'compacted revision 5\n');
  await t.throwsAsync(ctl('get', 'a/1', '--rev', '2'), {
    message: /required revision has been compacted/,
  });
}

// One at a time: each registry is a thread that has to load, and the tests have deadlines.
test.serial('etcdctl works', async (t) => {
  const { registry } = await start(t);
  await exerciseEtcdctl(t, etcdctl(t, registry.address));
});

test.serial('etcdctl works over mutual TLS as the host', async (t) => {
  const { registry, dc1 } = await federation(t);
  const files = { cacert: dc1.ca, cert: dc1.identity.cert, key: dc1.identity.key };
  const flags: string[] = [];
  for (const [name, pem] of Object.entries(files)) {
    const path = join(dc1.dir, `${name}.pem`);
    await writeFile(path, pem);
    flags.push(`--${name}`, path);
  }
  await exerciseEtcdctl(t, etcdctl(t, `https://${registry.address}`, flags));
});

test.serial("a cluster can't write under another cluster's name", async (t) => {
  const { dc1, dc2, dc10, storeOf } = await federation(t);
  const [host, member, ten] = [dc1, dc2, dc10].map(({ identity }) => storeOf(identity));
  if (!host || !member || !ten) throw new Error('no stores');
  t.true((await member.txn([], put('endpoints/dc2/shop/cart/e1'))).succeeded);
  t.true((await host.txn([], put('endpoints/dc1/shop/cart/e1'))).succeeded);
  t.true((await host.txn([], put('clusters/dc2'))).succeeded);
  await t.throwsAsync(member.txn([], put('endpoints/dc1/shop/cart/e2')), denied);
  await t.throwsAsync(
    ten.txn([], [{ op: 'delete-prefix', prefix: `${root}endpoints/dc1` }]),
    denied,
  );
  await t.throwsAsync(member.txn([], [...put('synced/dc2'), ...put('synced/dc1')]), denied);
  t.is(await host.get(`${root}synced/dc2`), undefined);
});

test.serial("a cluster can't end, prolong or use another cluster's lease", async (t) => {
  const { dc1, dc2, dc10, storeOf } = await federation(t);
  const [host, member, ten] = [dc1, dc2, dc10].map(({ identity }) => storeOf(identity));
  if (!host || !member || !ten) throw new Error('no stores');
  const lease = await member.grantLease(60);
  await member.txn([], put('gateways/dc2/g1', lease));
  await t.throwsAsync(ten.revokeLease(lease), denied);
  await t.throwsAsync(ten.keepAlive(lease), denied);
  await t.throwsAsync(ten.txn([], put('gateways/dc10/g1', lease)), denied);
  t.true((await member.keepAlive(lease)) > 0);
  await host.revokeLease(lease);
  t.is(await member.get(`${root}gateways/dc2/g1`), undefined);
});

test.serial("a member can't read join tokens", async (t) => {
  const { dc1, dc2, storeOf } = await federation(t);
  const [host, member] = [storeOf(dc1.identity), storeOf(dc2.identity)];
  await host.txn([], put('tokens/t1'));
  await t.throwsAsync(member.get(`${root}tokens/t1`), denied);
  await t.throwsAsync(member.list(root), denied);
  await t.throwsAsync(member.list(''), denied);
  await t.throwsAsync(member.txn([{ key: `${root}tokens/t1`, exists: true }], []), denied);
  const ended = await new Promise<Error>((resolve) => {
    member.watch(root, 1, { events: () => t.fail(), progress: () => t.fail(), ended: resolve });
  });
  t.like(ended, { code: 'REGISTRY_DENIED' });
  t.is((await member.list(`${root}clusters/`)).values.length, 0);
});

test.serial(
  'a workload of a member, a stranger and somebody without a certificate get nothing',
  async (t) => {
    const { dc1, dc2, endpoints, storeOf } = await federation(t);
    const stranger = await cluster(t, 'dc3');
    const id = parseSpiffeId(`spiffe://${dc2.trustDomain}/ns/shop/sa/cart`);
    const workload = await dc2.issue(id);
    const refused = { code: 'REGISTRY_UNAVAILABLE' };
    await t.throwsAsync(storeOf(workload).list(`${root}clusters/`), refused);
    await t.throwsAsync(storeOf(stranger.identity).list(`${root}clusters/`), refused);
    const nobody = openStore(t, { endpoints, tls: { ca: dc1.ca } });
    await t.throwsAsync(nobody.list(`${root}clusters/`), refused);
  },
);

test.serial('a client refuses a registry that its roots do not vouch for', async (t) => {
  const { dc2, endpoints } = await federation(t);
  const store = openStore(t, { endpoints, tls: { ca: dc2.ca, ...dc2.identity } });
  await t.throwsAsync(store.list(''), { code: 'REGISTRY_UNAVAILABLE', message: /certificate/ });
});

test.serial('peers whose root was removed are cut, the others go on', async (t) => {
  const { registry, dc1, dc2, dc10, storeOf } = await federation(t);
  const ended: string[] = [];
  for (const { trustDomain, identity } of [dc2, dc10]) {
    const store = storeOf(identity);
    await store.list(`${root}clusters/`);
    store.watch(`${root}clusters/`, 1, {
      events: () => {},
      progress: () => {},
      ended: () => ended.push(trustDomain),
    });
  }
  await registry.setTrust([dc1.trusted, dc10.trusted]);
  await until('the cut', () => ended.length > 0);
  t.deepEqual(ended, ['dc2.acme']);
  await t.throwsAsync(storeOf(dc2.identity).list(`${root}clusters/`), {
    code: 'REGISTRY_UNAVAILABLE',
  });
  await t.notThrowsAsync(storeOf(dc10.identity).list(`${root}clusters/`));
});

test.serial('both ends renew their certificates without losing a call or a watch', async (t) => {
  const { registry, dc1, dc2, storeOf } = await federation(t);
  const store = storeOf(dc2.identity);
  const seen: number[] = [];
  const watch = store.watch(`${root}clusters/`, 1, {
    events: (_events, revision) => seen.push(revision),
    progress: () => {},
    ended: (error) => t.fail(error.message),
  });
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 100; i++) {
    calls.push(store.txn([], put('clusters/dc2')));
    if (i === 30) await registry.setIdentity(await dc1.issue());
    if (i === 60) store.setTls({ ca: dc1.ca, ...(await dc2.issue()) });
  }
  await t.notThrowsAsync(Promise.all(calls));
  await until('every event', () => seen.length === 100);
  watch.close();
});

test.serial(
  'a renewed certificate cuts nobody off: the state stays, watches go on where they are',
  async (t) => {
    const { registry, dc1, dc2 } = await federation(t);
    const deadlineMs = 2_000;
    const line = await startTcpProxy({ target: registry.address });
    t.teardown(() => line.close());
    const endpoints = [`https://localhost:${line.port}`];
    const store = openStore(t, { endpoints, tls: { ca: dc1.ca, ...dc2.identity }, deadlineMs });
    await until('an answer', () => store.list(`${root}clusters/`));
    const states: StoreState[] = [];
    store.onState((state) => states.push(state));
    const seen: number[] = [];
    const watch = store.watch(`${root}clusters/`, 1, {
      events: (_events, revision) => seen.push(revision),
      progress: () => {},
      ended: (error) => t.fail(error.message),
    });
    const before = line.accepted;
    store.setTls({ ca: dc1.ca, ...(await dc2.issue()) });
    // Past the time in which calls on the old connection end, and past the ping that would find it closed.
    const started = performance.now();
    let calls = 0;
    while (performance.now() - started < 9_000) {
      await store.txn([], put('clusters/dc2'));
      calls += 1;
      await setTimeout(100);
    }
    await until('every event', () => seen.length === calls);
    t.deepEqual(states, []);
    t.is(line.accepted - before, 1);
    watch.close();
    await until('the old connection to be closed', () => line.connections === 1);
  },
);

test.serial('a watcher that stops reading for a while misses nothing', async (t) => {
  const { registry, store } = await start(t);
  const stream = rawClient(t, registry.address).watch();
  stream.write({ create_request: { key: Buffer.from('k') } });
  await until('the watch', () => stream.responses.length === 1);
  stream.pause();
  const value = Buffer.alloc(100_000, 'x');
  for (let i = 0; i < 300; i++) await store.txn([], [{ op: 'put', key: 'k', value }]);
  stream.resume();
  const events = () => stream.responses.reduce((sum, response) => sum + response.events.length, 0);
  await until('all events', () => events() === 300);
  t.is(events(), 300);
});

test.serial('the history is compacted by itself, beyond what is to be kept', async (t) => {
  const { registry, store } = await start(t, { autoCompact: { keepRevisions: 10, keepMs: 200 } });
  const raw = rawClient(t, registry.address);
  for (let i = 0; i < 50; i++) await store.txn([], [{ op: 'put', key: 'a', value: `${i}` }]);
  await until('compaction', () =>
    raw.range({ key: Buffer.from('a'), revision: 20 }).then(
      () => false,
      (error: Error) => error.message.includes('has been compacted'),
    ),
  );
  t.is((await raw.range({ key: Buffer.from('a'), revision: 42 })).kvs[0]?.value.toString(), '40');
});

test.serial('a port in use is refused by its address', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  const port = await until('a port', () => {
    const address = other.address();
    return address !== null && typeof address === 'object' && address.port;
  });
  await t.throwsAsync(start(t, { listen: `127.0.0.1:${port}` }), { code: 'PORT_IN_USE' });
});

test.serial('without TLS it listens on loopback only', async (t) => {
  await t.throwsAsync(start(t, { listen: '0.0.0.0:0' }), { code: 'CONFIG_INVALID' });
});

test.serial('a file that another process has open, or that is damaged, is refused', async (t) => {
  const { file, registry } = await start(t);
  await t.throwsAsync(start(t, { file }), { code: 'REGISTRY_FILE_LOCKED' });
  await registry.close();
  await writeFile(
    file,
    'this is no database, but a text that is long enough to be looked at. '.repeat(20),
  );
  await t.throwsAsync(start(t, { file }), { code: 'REGISTRY_FILE_CORRUPT' });
});

test.serial('one killed and closed stays closed, and starts again on its file', async (t) => {
  const { file, registry, store } = await start(t);
  await store.txn([], [{ op: 'put', key: 'a', value: '1' }]);
  await registry.kill();
  await registry.close();
  await t.throwsAsync(registry.setTrust([]), { code: 'REGISTRY_UNAVAILABLE' });
  const again = await start(t, { file });
  t.is((await again.store.get('a'))?.value.toString(), '1');
});

test.serial('killed while many ask, it takes nobody with it', async (t) => {
  const { file, registry } = await start(t);
  let killed = registry;
  for (let times = 0; times < 4; times++) {
    const store = openStore(t, { endpoints: [`http://${killed.address}`] });
    let answers = 0;
    const ask = async (): Promise<never> => {
      for (;;) {
        await store.get('a');
        answers++;
      }
    };
    const asking = Promise.allSettled(Array.from({ length: 60 }, ask));
    await until('answers', () => answers > 60);
    await killed.kill();
    for (const { status } of await asking) t.is(status, 'rejected');
    killed = (await start(t, { file })).registry;
  }
});

test.serial('what was written is there after a close and a new start', async (t) => {
  const { file, registry, store } = await start(t);
  await store.txn([], [{ op: 'put', key: 'a', value: '1' }]);
  await registry.close();
  const again = await start(t, { file });
  t.is((await again.store.get('a'))?.value.toString(), '1');
});
