/** Specifies a cluster's written policies against a real embedded registry: written, refused, lost, and kept on disk. */
import test, { type ExecutionContext } from 'ava';
import { type Authority, openAuthority } from '../../../../certs/authority.ts';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { TrustStore } from '../../../../certs/trust-store.ts';
import { systemClock } from '../../../../core/clock.ts';
import { IsthmusError } from '../../../../core/errors.ts';
import { silentLog } from '../../../../core/log.ts';
import { leave } from '../../../../federation/leave.ts';
import { MembershipFile } from '../../../../federation/member.ts';
import { FederationTrust } from '../../../../federation/trust.ts';
import { WrittenPolicies } from '../../../../gateway/control/policies/written-policies.ts';
import { maxPolicyBytes, maxRecordBytes } from '../../../../policy/quotas.ts';
import type { PolicyRecord } from '../../../../policy/record.ts';
import { startEmbeddedRegistry } from '../../../../registry/embedded/index.ts';
import { encodePolicyKey, policiesPrefix } from '../../../../registry/policy-keys.ts';
import { signRecord, verifyRecord } from '../../../../registry/signing.ts';
import type { Store } from '../../../../registry/store.ts';
import { openStore } from '../../../support/store.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { acme, clusterRecord, dc1, keyOf } from '../../records.ts';

const named = { kind: 'TrafficPolicy', namespace: 'shop', name: 'cart' };
const key = encodePolicyKey(acme, { cluster: dc1, ...named });
const timed = (request: string) => ({ target: { service: 'cart' }, timeouts: { request } });
const by = { by: 'ada', ifUnchanged: false };

interface Scene {
  readonly store: Store;
  readonly authority: Authority;
  /** A gateway of dc1, its data in `dataDir`. */
  gateway(dataDir: string, store?: Store): WrittenPolicies;
  put(record: object): Promise<unknown>;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const dir = await tempDir(t);
  const file = `${dir}/registry.db`;
  const registry = await startEmbeddedRegistry({ file, listen: '127.0.0.1:0', log: silentLog });
  t.teardown(() => registry.close());
  const store = openStore(t, { endpoints: [`http://${registry.address}`] });
  const authority = await authorityOf(dir, 'dc1.acme');
  const trust = new FederationTrust({
    ...{ federation: acme, cluster: dc1, sealer: authority, clock: systemClock, log: silentLog },
    ownBundle: () => authority.bundle(),
    file: await MembershipFile.open(dir),
    trustStore: new TrustStore(),
  });
  const member = keyOf({ kind: 'clusters', cluster: dc1 });
  await store.txn([], [{ op: 'put', key: member, value: JSON.stringify(clusterRecord()) }]);
  return {
    store,
    authority,
    gateway(dataDir, way = store) {
      const policies = new WrittenPolicies({
        ...{ federation: acme, self: dc1, dataDir, signer: authority, changed: () => undefined },
        ...{ clock: systemClock, random: Math.random, log: silentLog, limit: 2 },
      });
      t.teardown(() => policies.close());
      policies.follow({
        session: policies,
        store: way,
        trust,
        verify: (_cluster, where, raw) => verifyRecord(where, raw, authority.bundle().roots),
        isOut: () => false,
      });
      return policies;
    },
    put: (record) => store.txn([], [{ op: 'put', key, value: JSON.stringify(record) }]),
  };
}

function authorityOf(dir: string, trustDomain: string): Promise<Authority> {
  const options = { trustDomain: parseTrustDomain(trustDomain), clock: systemClock };
  return openAuthority({ dir: `${dir}/${trustDomain}`, ...options });
}

function request(policies: WrittenPolicies | undefined) {
  return (policies?.resources ?? []).map(
    ({ spec }) => 'timeouts' in spec && spec.timeouts?.requestMs,
  );
}

test('what one gateway writes its siblings hear, and what one deletes is gone at all', async (t) => {
  const { gateway } = await scene(t);
  const [first, second] = [gateway(await tempDir(t)), gateway(await tempDir(t))];
  await Promise.all([first.listed(), second.listed()]);
  const { record } = await first.put(named, { ...by, spec: timed('5s') });
  t.like(record, { by: 'ada', spec: timed('5s'), cluster: 'dc1' });
  await until('the second to hear', () => request(second)[0] === 5_000);
  t.deepEqual(second.get(named).record, first.get(named).record);
  await second.delete(named, by);
  t.deepEqual(second.list(named.kind), []);
  await until('the first to hear', () => first.resources.length === 0);
  t.throws(() => first.get(named), { code: 'POLICY_NOT_FOUND' });
  await t.throwsAsync(first.delete(named, by), { code: 'POLICY_NOT_FOUND' });
});

test('of two who change what they both have seen the second is told, and nothing is lost', async (t) => {
  const { gateway, store, authority, put } = await scene(t);
  let before = Promise.resolve<unknown>(undefined);
  const late = new Proxy(store, {
    get(target, name) {
      if (name === 'txn')
        return (...txn: Parameters<Store['txn']>) => before.then(() => target.txn(...txn));
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const policies = gateway(await tempDir(t), late);
  await policies.listed();
  const seen = { by: 'ada', ifUnchanged: true };
  await policies.put(named, { ...seen, spec: timed('5s') });
  await policies.put(named, { ...seen, spec: timed('6s') });
  const { record } = policies.get(named);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  before = promise;
  const refused = policies.put(named, { ...seen, spec: timed('8s') });
  const other = { ...record, number: 3, spec: timed('7s') };
  resolve(put(signRecord(key, other, authority)));
  await t.throwsAsync(refused, { code: 'PRECONDITION_FAILED', message: /at another gateway/ });
  await until('the other to be heard', () => request(policies)[0] === 7_000);
  t.is((await store.list(policiesPrefix(acme, dc1))).values.length, 1);
});

test('a record that can not be used leaves the last good one in force, and is named until it is replaced', async (t) => {
  const { gateway, authority, put } = await scene(t);
  const policies = gateway(await tempDir(t));
  await policies.listed();
  await policies.put(named, { ...by, spec: timed('5s') });
  const { record } = policies.get(named);
  const { signature: _, ...unsigned } = record as PolicyRecord;
  const stranger = await authorityOf(await tempDir(t), 'dc2.acme');
  for (const [bad, code] of [
    ['no record', 'RECORD_INVALID'],
    [unsigned, 'RECORD_UNSIGNED'],
    [{ ...record, spec: timed('1s') }, 'RECORD_UNSIGNED'],
    [signRecord(key, { ...unsigned, spec: timed('1s') }, stranger), 'RECORD_UNSIGNED'],
    [signRecord('elsewhere', { ...unsigned, spec: timed('1s') }, authority), 'RECORD_UNSIGNED'],
    [signRecord(key, { ...unsigned, cluster: 'dc2' }, authority), 'RECORD_FOREIGN'],
    [signRecord(key, { ...unsigned, spec: timed('fast') }, authority), 'RECORD_INVALID'],
  ] as const) {
    await put(bad as object);
    await until(`${code} to be named`, () => policies.problems.some((one) => one.code === code));
    t.is(policies.problems[0]?.where, key);
    t.deepEqual(request(policies), [5_000]);
    t.is(policies.get(named).problem?.code, code);
    await put(signRecord(key, unsigned, authority));
    await until('it to be over', () => policies.problems.length === 0);
  }
});

test('a kind that only a newer gateway knows is named, not acted on and not touched', async (t) => {
  const { gateway, authority, store } = await scene(t);
  const policies = gateway(await tempDir(t));
  await policies.listed();
  const place = { cluster: dc1, namespace: 'shop', kind: 'RateLimit', name: 'cart' };
  const text = encodePolicyKey(acme, place);
  const record = signRecord(text, { ...place, spec: {}, by: 'ada', at: 1 }, authority);
  await store.txn([], [{ op: 'put', key: text, value: JSON.stringify(record) }]);
  await until('it to be named', () => policies.problems.some(({ where }) => where === text));
  t.deepEqual(policies.resources, []);
  t.is((await store.get(text))?.version, 1);
});

test('a policy that the registry lost is brought back as it was signed; one that was deleted is not', async (t) => {
  const { gateway, store } = await scene(t);
  const policies = gateway(await tempDir(t));
  await policies.listed();
  await policies.put(named, { ...by, spec: timed('5s') });
  const gone = { ...named, name: 'gone' };
  await policies.put(gone, { ...by, spec: timed('6s') });
  await policies.delete(gone, by);
  const before = await store.get(key);
  await store.txn([], [{ op: 'delete-prefix', prefix: policiesPrefix(acme, dc1) }]);
  await until('it to be back', async () => (await store.get(key)) !== undefined);
  t.deepEqual((await store.get(key))?.value, before?.value);
  t.deepEqual(request(policies), [5_000]);
  t.is((await store.list(policiesPrefix(acme, dc1))).values.length, 1);
});

test('a policy from an old registry, signed though it is, does not count again: not what was replaced, nor what was deleted, here or after a restart', async (t) => {
  const { gateway, store, put } = await scene(t);
  const dataDir = await tempDir(t);
  const policies = gateway(dataDir);
  await policies.listed();
  const stored = async () => {
    const value = await store.get(key);
    return value && JSON.parse(new TextDecoder().decode(value.value));
  };
  await policies.put(named, { ...by, spec: timed('5s') });
  const old = await stored();
  await policies.put(named, { ...by, spec: timed('6s') });
  const latest = await stored();
  await put(old);
  await until('the latest to be restored', async () => (await stored()).number === latest.number);
  t.deepEqual(request(policies), [6_000]);
  t.deepEqual(policies.refusals, [{ of: 'cluster', code: 'RECORD_STALE', count: 1 }]);
  t.deepEqual(policies.problems, []);

  await policies.delete(named, by);
  await store.txn([], [{ op: 'delete', key }]);
  await until('what was deleted to be gone', async () => (await stored()) === undefined);
  await policies.close();
  const again = gateway(dataDir);
  await again.listed();
  for (const one of [old, latest]) {
    await put(one);
    await until('the deletion to be restored', async () => (await stored()).spec === null);
    t.deepEqual(again.resources, []);
  }
  await again.put(named, { ...by, spec: timed('7s') });
  t.is((await stored()).number, 4);
  t.deepEqual(request(again), [7_000]);
});

test('of two gateways that write one policy at once both are heard, one after the other', async (t) => {
  const { gateway, store } = await scene(t);
  const both = [gateway(await tempDir(t)), gateway(await tempDir(t))];
  await Promise.all(both.map((one) => one.listed()));
  await Promise.all(both.map((one, i) => one.put(named, { ...by, spec: timed(`${5 + i}s`) })));
  const value = await store.get(key);
  t.is(value && JSON.parse(new TextDecoder().decode(value.value)).number, 2);
  await until('both to go by the same', () => request(both[0])[0] === request(both[1])[0]);
});

test('a role that may not read policies is named, and keeps nothing from being in force', async (t) => {
  const { gateway, store } = await scene(t);
  const denied = new Proxy(store, {
    get(target, name) {
      if (name === 'list') {
        return () => Promise.reject(new IsthmusError('REGISTRY_DENIED', { what: 'no role' }));
      }
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const policies = gateway(await tempDir(t), denied);
  await policies.recalled();
  const where = policiesPrefix(acme, dc1);
  const problem = await until('it to be named', () => {
    return policies.problems.find((one) => one.where === where);
  });
  t.is(problem.code, 'REGISTRY_DENIED');
  await policies.put(named, { ...by, spec: timed('5s') });
  t.deepEqual(request(policies), [5_000]);
});

test('policies go with their cluster', async (t) => {
  const { gateway, store, authority } = await scene(t);
  const policies = gateway(await tempDir(t));
  await policies.listed();
  await policies.put(named, { ...by, spec: timed('5s') });
  const who = { cluster: dc1, by: dc1, signer: authority, clock: systemClock };
  await leave({ store, federation: acme, ...who });
  await until('them to be forgotten', () => policies.resources.length === 0);
  t.deepEqual((await store.list(policiesPrefix(acme, dc1))).values, []);
});

test('a gateway that starts while the registry is down goes by what it kept; what it can not believe it does not', async (t) => {
  const { gateway } = await scene(t);
  const dataDir = await tempDir(t);
  const policies = gateway(dataDir);
  await policies.listed();
  await policies.put(named, { ...by, spec: timed('5s') });
  await policies.close();
  const nowhere = openStore(t, { endpoints: ['http://127.0.0.1:1'], deadlineMs: 200 });
  const again = gateway(dataDir, nowhere);
  await again.recalled();
  t.deepEqual(request(again), [5_000]);
  await t.throwsAsync(again.put(named, { ...by, spec: timed('6s') }));
  t.deepEqual(request(again), [5_000]);
  const other = await scene(t);
  const stranger = other.gateway(dataDir, nowhere);
  await stranger.recalled();
  t.deepEqual(stranger.resources, []);
});

test('a policy over its size, or one more than a cluster may have, is refused; what is there can be written again, and be replaced', async (t) => {
  const { gateway } = await scene(t);
  const policies = gateway(await tempDir(t));
  await policies.listed();
  const large = { ...timed('5s'), filler: 'x'.repeat(maxPolicyBytes) };
  const refused = await t.throwsAsync(policies.put(named, { ...by, spec: large }), {
    code: 'POLICY_TOO_LARGE',
  });
  t.regex(refused?.message ?? '', /has 656\d\d octets.*; a policy has 65536 at most$/);
  await policies.put(named, { ...by, spec: timed('5s') });
  await policies.put({ ...named, name: 'second' }, { ...by, spec: timed('5s') });
  t.is(policies.room('cluster'), 0);
  const third = { ...named, name: 'third' };
  await t.throwsAsync(policies.put(third, { ...by, spec: timed('5s') }), {
    code: 'POLICY_LIMIT',
    message: 'There are 2 such policies, and 2 at most',
  });
  await policies.put(named, { ...by, spec: timed('5s') });
  await policies.put(named, { ...by, spec: timed('6s') });
  await policies.delete(named, by);
  await policies.put(third, { ...by, spec: timed('5s') });
  t.is(policies.room('cluster'), 0);
});

test("a record over a policy's size is refused before it is parsed, and named", async (t) => {
  const { gateway, authority, put } = await scene(t);
  const policies = gateway(await tempDir(t));
  await policies.listed();
  await policies.put(named, { ...by, spec: timed('5s') });
  const { signature: _, ...record } = policies.get(named).record as PolicyRecord;
  await put(signRecord(key, { ...record, filler: 'x'.repeat(maxRecordBytes) }, authority));
  const problem = await until('it to be named', () => policies.problems[0]);
  t.like(problem, { code: 'RECORD_INVALID', where: key });
  t.regex(problem.message, /^The record of a policy has \d+ octets; it has 73728 at most$/);
  t.deepEqual(request(policies), [5_000]);
});

test('the set that a policy was written with is signed with it, and is gone when it is written without one', async (t) => {
  const { gateway, authority, put } = await scene(t);
  const policies = gateway(await tempDir(t));
  await policies.listed();
  await policies.put(named, { ...by, spec: timed('5s'), set: 'prod' });
  const { record } = policies.get(named);
  t.is(record.set, 'prod');
  t.deepEqual(
    policies.ofSet('prod').map((one) => one.record.name),
    ['cart'],
  );
  await put({ ...record, set: 'other' });
  await until('it to be refused', () => policies.problems[0]?.code === 'RECORD_UNSIGNED');
  const { set: _, signature: __, ...without } = record;
  await put(signRecord(key, { ...without, number: 2 }, authority));
  await until('one without it to be taken', () => policies.problems.length === 0);
  t.is(policies.get(named).record.set, undefined);
  await policies.put(named, { ...by, spec: timed('5s'), set: 'prod' });
  await policies.put(named, { ...by, spec: timed('6s') });
  t.deepEqual(policies.ofSet('prod'), []);
});
