/** Specifies what a gateway tells the registry, against a real embedded one: no more and no less than what changed. */
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../../../certs/authority.ts';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { type ExportTerms, Publisher } from '../../../../gateway/control/membership/publisher.ts';
import { startEmbeddedRegistry } from '../../../../registry/embedded/index.ts';
import { federationPrefix } from '../../../../registry/keys.ts';
import {
  type EndpointRecord,
  exportRecordSchema,
  parseRecord,
} from '../../../../registry/model.ts';
import { LeaseSession } from '../../../../registry/session.ts';
import { verifyRecord, verifySeal } from '../../../../registry/signing.ts';
import type { StoredValue } from '../../../../registry/store.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { openStore } from '../../../support/store.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import {
  acme,
  cart,
  dc1,
  dc2,
  endpointRecord,
  exportRecord,
  gatewayRecord,
  home,
  keyOf,
} from '../../records.ts';

const summaryKey = keyOf({ kind: 'exports', cluster: dc1, service: cart });
const endpointKey = (id: string) => keyOf({ kind: 'endpoints', cluster: dc1, service: cart, id });

/** A gateway's publisher over a real registry; `own` and `siblings` are the endpoints there are. */
async function open(
  t: ExecutionContext,
  more: { writesSummaries?: () => boolean; exportTerms?: () => ExportTerms } = {},
) {
  const folder = await tempDir(t);
  const registry = await startEmbeddedRegistry({
    file: `${folder}/registry.db`,
    listen: '127.0.0.1:0',
    log: silentLog,
  });
  t.teardown(() => registry.close());
  const store = openStore(t, { endpoints: [`http://${registry.address}`] });
  const session = new LeaseSession({
    store,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
  });
  t.teardown(() => session.close({ revoke: false }));
  session.start();
  const authority = await openAuthority({
    dir: `${folder}/ca`,
    trustDomain: parseTrustDomain('dc1.acme'),
    clock: systemClock,
  });
  const clock = new ManualClock();
  const own = new Map<string, EndpointRecord>();
  const siblings: EndpointRecord[] = [];
  let seen: StoredValue | undefined;
  const read = async (key: string) => {
    const stored = await store.get(key);
    return stored && JSON.parse(new TextDecoder().decode(stored.value));
  };
  const publisher = new Publisher({
    federation: acme,
    home,
    session,
    signer: authority,
    clock,
    ownEndpoints: (service) => (service === cart ? own.values() : []),
    clusterEndpoints: (service) => (service === cart ? [...own.values(), ...siblings] : []),
    exportTerms: () => ({}),
    exportedAs: () => undefined,
    publishedSummary: () => seen && parseRecord(exportRecordSchema, seen.key, seen.value),
    writesSummaries: () => true,
    ...more,
  });
  t.teardown(() => publisher.stop());
  return {
    publisher,
    session,
    store,
    clock,
    own,
    siblings,
    authority,
    roots: [authority.root],
    read,
    /** Publishes a change of the service, a second after the one before, and waits until the registry has it. */
    async change() {
      clock.advance(1000);
      publisher.changed(cart);
      publisher.flush();
      await session.converged();
    },
    /** Has the watch deliver the summary that the registry holds, or one it held before. */
    async see(stored?: StoredValue) {
      seen = stored ?? (await store.get(summaryKey));
    },
    revision: async () => (await store.list(federationPrefix(acme))).revision,
    /** The summary's copies and the clock it was made by, as it is in the registry. */
    async summary() {
      const record = await read(summaryKey);
      return record?.localities.map((locality: { total: number; healthy: number }) => [
        locality.total,
        locality.healthy,
      ]);
    },
  };
}

test('an endpoint is written, sealed for its own cluster, with its summary, which that signs', async (t) => {
  const { own, change, read, roots, authority } = await open(t);
  own.set('cart-1', endpointRecord());
  await change();
  const { seal, ...endpoint } = await read(endpointKey('cart-1'));
  t.deepEqual(endpoint, endpointRecord());
  t.notThrows(() => verifySeal(endpointKey('cart-1'), { ...endpoint, seal }, authority));
  for (const forged of [endpoint, { ...endpoint, seal, port: 81 }]) {
    t.throws(() => verifySeal(endpointKey('cart-1'), forged, authority), {
      code: 'RECORD_UNSIGNED',
    });
  }
  const summary = await read(summaryKey);
  t.like(summary, {
    cluster: dc1,
    service: cart,
    localities: [{ region: 'eu', zone: 'a', total: 1, healthy: 1, degraded: 0 }],
  });
  t.notThrows(() => verifyRecord(summaryKey, summary, roots));
});

test('a summary says which clusters may use the service and what it can take, and is written again when that changes', async (t) => {
  let terms: ExportTerms = { to: [dc2], capacity: 100 };
  const { own, change, read, revision } = await open(t, { exportTerms: () => terms });
  own.set('cart-1', endpointRecord());
  await change();
  t.like(await read(summaryKey), terms);
  const written = await revision();
  await change();
  t.is(await revision(), written);
  terms = {};
  await change();
  const { to, capacity } = await read(summaryKey);
  t.deepEqual([to, capacity], [undefined, undefined]);
});

test('endpoints, the gateway and its canary end with its lease; summaries outlive it', async (t) => {
  const { own, change, publisher, session, store } = await open(t);
  publisher.gateway(gatewayRecord());
  own.set('cart-1', endpointRecord());
  await change();
  publisher.synced();
  await session.converged();
  const { values } = await store.list(federationPrefix(acme));
  const leased = (of: boolean) =>
    values.filter(({ lease }) => (lease !== '0') === of).map(({ key }) => key);
  t.deepEqual(leased(true), [
    endpointKey('cart-1'),
    keyOf({ kind: 'gateways', cluster: dc1, id: 'g1' }),
    keyOf({ kind: 'synced', cluster: dc1 }),
  ]);
  t.deepEqual(leased(false), [summaryKey]);
});

test('nothing equal is written twice, whether the registry has been seen to hold it or not', async (t) => {
  const { own, change, see, revision } = await open(t);
  own.set('cart-1', endpointRecord());
  await change();
  const before = await revision();
  await change();
  await see();
  await change();
  t.is(await revision(), before);
});

test('a gateway that starts anew does not write the summary that is there', async (t) => {
  const { own, change, see, store, read } = await open(t);
  await store.txn([], [{ op: 'put', key: summaryKey, value: JSON.stringify(exportRecord()) }]);
  await see();
  own.set('cart-1', endpointRecord());
  await change();
  t.deepEqual(await read(summaryKey), exportRecord());
});

test('a change of health writes the endpoint and the summary, and no other endpoint', async (t) => {
  const { own, change, store, summary } = await open(t);
  own.set('cart-1', endpointRecord());
  own.set('cart-2', endpointRecord('cart-2'));
  await change();
  const version = async (id: string) => (await store.get(endpointKey(id)))?.version;
  own.set('cart-2', endpointRecord('cart-2', { health: 'unhealthy' }));
  await change();
  t.deepEqual(await summary(), [[2, 1]]);
  t.deepEqual([await version('cart-1'), await version('cart-2')], [1, 2]);
});

test('a change that only its own cluster need know leaves the summary as it is', async (t) => {
  const { own, change, store } = await open(t);
  own.set('cart-1', endpointRecord());
  await change();
  own.set('cart-1', endpointRecord('cart-1', { weight: 7 }));
  await change();
  t.is((await store.get(endpointKey('cart-1')))?.version, 2);
  t.is((await store.get(summaryKey))?.version, 1);
});

test('when the last endpoint goes its record is deleted, and the summary is emptied, not deleted', async (t) => {
  const { own, change, read, roots, revision } = await open(t);
  own.set('cart-1', endpointRecord());
  await change();
  own.clear();
  await change();
  t.is(await read(endpointKey('cart-1')), undefined);
  const summary = await read(summaryKey);
  t.like(summary, { cluster: dc1, service: cart, localities: [] });
  t.notThrows(() => verifyRecord(summaryKey, summary, roots));
  const before = await revision();
  await change();
  t.is(await revision(), before, 'and is not emptied again');
});

test('a service that is not exported any more has its summary emptied; one that never was has none', async (t) => {
  const { own, change, summary } = await open(t);
  own.set('cart-1', endpointRecord('cart-1', { exported: false }));
  await change();
  t.is(await summary(), undefined);
  own.set('cart-1', endpointRecord());
  await change();
  t.deepEqual(await summary(), [[1, 1]]);
  own.set('cart-1', endpointRecord('cart-1', { exported: false }));
  await change();
  t.deepEqual(await summary(), []);
});

test("the summary counts the endpoints of the cluster's other gateways, which write those themselves", async (t) => {
  const { own, siblings, change, summary, read } = await open(t);
  own.set('cart-1', endpointRecord());
  siblings.push(endpointRecord('cart-9', { gateway: 'g2' }));
  await change();
  t.deepEqual(await summary(), [[2, 2]]);
  t.is(await read(endpointKey('cart-9')), undefined);
});

test('a gateway that is not the one to write summaries writes its endpoints only', async (t) => {
  const { own, change, read } = await open(t, { writesSummaries: () => false });
  own.set('cart-1', endpointRecord());
  await change();
  t.truthy(await read(endpointKey('cart-1')));
  t.is(await read(summaryKey), undefined);
});

test('a summary that another gateway wrote meanwhile is corrected', async (t) => {
  const { own, change, see, store, summary } = await open(t);
  own.set('cart-1', endpointRecord());
  await change();
  await see();
  await change();
  const other = { ...exportRecord(dc1, cart, []), updatedAt: 1 };
  await store.txn([], [{ op: 'put', key: summaryKey, value: JSON.stringify(other) }]);
  await see();
  await change();
  t.deepEqual(await summary(), [[1, 1]]);
});

test('a summary seen late is not taken for that of another gateway', async (t) => {
  const { own, change, see, store, summary } = await open(t);
  own.set('cart-1', endpointRecord());
  await change();
  await see();
  own.set('cart-1', endpointRecord('cart-1', { health: 'degraded' }));
  await change();
  const late = await store.get(summaryKey);
  own.set('cart-1', endpointRecord('cart-1', { health: 'unhealthy' }));
  await change();
  await see(late);
  await change();
  await see();
  await change();
  t.deepEqual(await summary(), [[1, 0]]);
  t.is((await store.get(summaryKey))?.version, 3);
});

test('changes of one turn are written once', async (t) => {
  const { publisher, session, own, store } = await open(t);
  for (let i = 0; i < 50; i++) {
    own.set('cart-1', endpointRecord('cart-1', { weight: i + 1 }));
    publisher.changed(cart);
  }
  await new Promise((resolve) => setImmediate(resolve));
  await session.converged();
  const stored = await store.get(endpointKey('cart-1'));
  t.is(stored?.version, 1);
  t.regex(new TextDecoder().decode(stored?.value), /"weight":50/);
});

test('after it was stopped nothing is written any more', async (t) => {
  const { publisher, session, own, revision } = await open(t);
  await session.converged();
  const before = await revision();
  own.set('cart-1', endpointRecord());
  publisher.changed(cart);
  publisher.stop();
  await new Promise((resolve) => setImmediate(resolve));
  await session.converged();
  t.is(await revision(), before);
});
