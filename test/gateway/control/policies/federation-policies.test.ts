/** Specifies policies of the whole federation against a real embedded registry: whose are in force, and which are not whatever stands there. */
import test, { type ExecutionContext } from 'ava';
import { TrustStore } from '../../../../certs/trust-store.ts';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { join } from '../../../../federation/join.ts';
import { leave } from '../../../../federation/leave.ts';
import { MembershipFile } from '../../../../federation/member.ts';
import type { FederationTrust } from '../../../../federation/trust.ts';
import { WrittenPolicies } from '../../../../gateway/control/policies/written-policies.ts';
import {
  encodePolicyKey,
  policiesPrefix,
  policyGrantsKey,
  wholeFederation,
} from '../../../../registry/policy-keys.ts';
import { signRecord } from '../../../../registry/signing.ts';
import type { Store } from '../../../../registry/store.ts';
import {
  acme,
  type Cluster,
  cluster,
  founder,
  joining,
  keyOf,
  tokenOf,
  trustOf,
} from '../../../federation/fixtures.ts';
import { openStore } from '../../../support/store.ts';
import { until } from '../../../support/until.ts';

const named = {
  scope: 'federation',
  kind: 'TrafficPolicy',
  namespace: 'shop',
  name: 'cart',
} as const;
const key = encodePolicyKey(acme, { ...named, cluster: wholeFederation });
const grantsKey = policyGrantsKey(acme);
const timed = (request: string) => ({ target: { service: 'cart' }, timeouts: { request } });
const by = { by: 'ada', ifUnchanged: false };

interface Member extends Cluster {
  readonly trust: FederationTrust;
  readonly policies: WrittenPolicies;
  /** Its gateway again, as after a restart. */
  again(): Promise<WrittenPolicies>;
}

interface Scene {
  readonly store: Store;
  readonly dc1: Member;
  readonly dc2: Member;
  readonly dc3: Member;
  put(key: string, record: object): Promise<unknown>;
}

/** dc1 founded the federation, and the others joined. */
async function scene(t: ExecutionContext): Promise<Scene> {
  const host = await founder(t);
  const { store } = host;
  const [second, third] = [await cluster(t, 'dc2'), await cluster(t, 'dc3')];
  await join(await tokenOf(host), joining(second));
  await join(await tokenOf(host), joining(third));
  const all = [host, second, third];
  const member = async (own: Cluster, trust = trustOf(own, new TrustStore())): Promise<Member> => {
    for (const { name } of all) {
      const bundleKey = keyOf('bundles', name);
      const { value } = (await store.get(bundleKey)) ?? {};
      trust.verify(
        { kind: 'bundles', cluster: name },
        bundleKey,
        JSON.parse(new TextDecoder().decode(value)),
      );
    }
    const open = async () => {
      const opened = new WrittenPolicies({
        ...{ federation: acme, self: own.name, dataDir: own.dataDir, signer: own.authority },
        ...{ clock: systemClock, random: Math.random, log: silentLog, changed: () => undefined },
      });
      t.teardown(() => opened.close());
      const follow = () =>
        opened.follow({
          ...{ session: opened, store, trust, isOut: () => false },
          verify: (from, where, raw) => trust.verifyFrom(from, where, raw),
        });
      trust.onChange(follow);
      follow();
      await opened.listed();
      return opened;
    };
    return { ...own, trust, policies: await open(), again: open };
  };
  return {
    store,
    dc1: await member(host, host.trust),
    dc2: await member(second),
    dc3: await member(third),
    put: (where, record) =>
      store.txn([], [{ op: 'put', key: where, value: JSON.stringify(record) }]),
  };
}

function request({ policies }: Pick<Member, 'policies'>): number | undefined {
  const [one] = policies.resources;
  return one && 'timeouts' in one.spec ? one.spec.timeouts?.requestMs : undefined;
}

function problemsOf({ policies }: Pick<Member, 'policies'>): string[] {
  return policies.problems.map(({ code, where }) => `${code} ${where}`);
}

test('a cluster that the founder names writes for all, until that is taken back', async (t) => {
  const { dc1, dc2, dc3 } = await scene(t);
  const missing = await t.throwsAsync(dc2.policies.put(named, { ...by, spec: timed('5s') }), {
    code: 'GRANT_MISSING',
  } as object);
  t.is(missing?.message, 'dc2 may not write policies of the whole federation: dc1 may');
  await t.throwsAsync(dc2.policies.grants.grant(dc2.name, by), {
    code: 'NOT_FOUNDER',
    message: 'dc2 is not the founder of acme: dc1 is',
  });
  await t.throwsAsync(dc1.policies.grants.revoke(dc2.name), { code: 'GRANT_NOT_FOUND' } as object);
  await dc1.policies.grants.grant(dc2.name, by);
  await until('dc2 to hear', () => dc2.policies.grants.mayWrite);
  const { record } = await dc2.policies.put(named, { ...by, spec: timed('5s') });
  t.is(record.cluster, dc2.name);
  await until('all to go by it', () => [dc1, dc2, dc3].every((one) => request(one) === 5_000));

  await dc1.policies.grants.revoke(dc2.name);
  await until('none to go by it', () => [dc1, dc2, dc3].every((one) => request(one) === undefined));
  for (const one of [dc1, dc2, dc3]) t.deepEqual(problemsOf(one), [`GRANT_MISSING ${key}`]);
  t.deepEqual(problemsOf({ policies: await dc3.again() }), [`GRANT_MISSING ${key}`]);
  await t.throwsAsync(dc2.policies.put(named, { ...by, spec: timed('6s') }), {
    code: 'GRANT_MISSING',
  } as object);

  // Another takes it over by writing it.
  await dc1.policies.put(named, { ...by, spec: timed('7s') });
  await until('all to go by that', () => [dc1, dc2, dc3].every((one) => request(one) === 7_000));
  t.deepEqual(problemsOf(dc3), []);
});

test('what was written while it might be is in force again with the grant', async (t) => {
  const { dc1, dc2, dc3 } = await scene(t);
  for (const expected of [5_000, undefined, 5_000]) {
    if (expected === undefined) await dc1.policies.grants.revoke(dc2.name);
    else await dc1.policies.grants.grant(dc2.name, by);
    await until('dc2 to hear', () => dc2.policies.grants.mayWrite === (expected !== undefined));
    if (dc2.policies.list(named.kind, 'federation').length === 0 && expected) {
      await dc2.policies.put(named, { ...by, spec: timed('5s') });
    }
    await until('dc3 to follow', () => request(dc3) === expected);
    t.is(dc3.policies.problems.length, expected === undefined ? 1 : 0);
  }
});

test('security: a policy of the federation that no granted cluster signed leaves the last good one in force, and is counted and named', async (t) => {
  const { dc1, dc2, dc3, put } = await scene(t);
  await dc1.policies.put(named, { ...by, spec: timed('5s') });
  await until('dc3 to hear', () => request(dc3) === 5_000);
  const { record } = dc1.policies.get(named);
  const { signature: _, ...content } = record as typeof record & { signature?: unknown };
  const other = { ...content, spec: timed('1s') };
  const ownKey = key.replace('/@/', '/dc1/');
  for (const [what, bad, code] of [
    ['not signed', other, 'RECORD_UNSIGNED'],
    ['altered', { ...record, spec: timed('1s') }, 'RECORD_UNSIGNED'],
    [
      'by a member that is not granted',
      signRecord(key, { ...other, cluster: 'dc2' }, dc2.authority),
      'GRANT_MISSING',
    ],
    ["in the founder's name", signRecord(key, other, dc2.authority), 'RECORD_UNSIGNED'],
    [
      'by a stranger',
      signRecord(key, { ...other, cluster: 'dc9' }, dc2.authority),
      'GRANT_MISSING',
    ],
    ["one of the founder's own", signRecord(ownKey, other, dc1.authority), 'RECORD_UNSIGNED'],
    ['no record', { cluster: 'dc1' }, 'RECORD_INVALID'],
  ] as const) {
    await put(key, bad);
    await until(`it to be named: ${what}`, () => problemsOf(dc3)[0] === `${code} ${key}`);
    t.is(request(dc3), 5_000);
    await put(key, record);
    await until('it to be over', () => dc3.policies.problems.length === 0);
  }
  t.deepEqual(dc3.policies.refusals.map(({ of, code, count }) => [of, code, count]).sort(), [
    ['federation', 'GRANT_MISSING', 2],
    ['federation', 'RECORD_INVALID', 1],
    ['federation', 'RECORD_UNSIGNED', 4],
  ]);
});

test('security: who may write is not what stands in the registry, but what the founder said last', async (t) => {
  const { dc1, dc2, dc3, store, put } = await scene(t);
  await dc1.policies.grants.grant(dc2.name, by);
  const old = await store.get(grantsKey);
  await dc1.policies.grants.revoke(dc2.name);
  await until('dc3 to hear', () => dc3.trust.charter?.said?.record.sequence === 2);
  const oldRecord = JSON.parse(new TextDecoder().decode(old?.value));
  const forged = signRecord(
    grantsKey,
    { ...oldRecord, cluster: 'dc2', sequence: 9 },
    dc2.authority,
  );
  for (const [bad, code] of [
    [oldRecord, 'RECORD_STALE'],
    [forged, 'RECORD_FOREIGN'],
    ['nothing', 'RECORD_INVALID'],
  ] as const) {
    const before = dc3.policies.refusals.find((one) => one.code === code)?.count ?? 0;
    await put(grantsKey, bad as object);
    await until(`${code} to be counted`, () => {
      return (dc3.policies.refusals.find((one) => one.code === code)?.count ?? 0) > before;
    });
    t.false(dc3.trust.charter?.said?.record.grants.some((one) => one.cluster === 'dc2'));
    // The founder's gateways write again what was written over.
    await until('it to be over', () => dc3.policies.problems.length === 0);
    const stored = await store.get(grantsKey);
    t.is(JSON.parse(new TextDecoder().decode(stored?.value)).sequence, 2);
  }
  await store.txn([], [{ op: 'delete', key: grantsKey }]);
  await until('it to be back', async () => (await store.get(grantsKey)) !== undefined);
});

test('the founder hands over, with all that it wrote, and may go on writing', async (t) => {
  const { dc1, dc2, dc3 } = await scene(t);
  await dc1.policies.put(named, { ...by, spec: timed('5s') });
  await dc1.policies.grants.grant(dc3.name, by);
  await dc1.policies.grants.handOver(dc2.name, by);
  for (const one of [dc2, dc3]) {
    await until('it to be heard', () => one.trust.charter?.founder === dc2.name);
  }
  t.true(dc2.trust.isFounder);
  t.false(dc1.trust.isFounder);
  await until('dc3 to go by it', () => request(dc3) === 5_000);
  await t.throwsAsync(dc1.policies.grants.revoke(dc3.name), {
    message: 'dc1 is not the founder of acme: dc2 is',
  });
  await dc2.policies.grants.revoke(dc1.name);
  await until('dc3 to go by it no more', () => request(dc3) === undefined);
  await dc2.policies.grants.handOver(dc1.name, by);
  await until('dc1 to be it again', () => dc1.trust.isFounder);
});

test('a policy that the registry lost is brought back as it was signed, by a cluster that may write it; a deleted one is not', async (t) => {
  const { dc1, dc2, dc3, store } = await scene(t);
  await dc1.policies.grants.grant(dc2.name, by);
  await until('dc2 to hear', () => dc2.policies.grants.mayWrite);
  await dc2.policies.put(named, { ...by, spec: timed('5s') });
  const gone = { ...named, name: 'gone' };
  await dc1.policies.put(gone, { ...by, spec: timed('6s') });
  await dc1.policies.delete(gone, by);
  await until('all to hear', () => [dc1, dc3].every((one) => request(one) === 5_000));
  const before = await store.get(key);
  await dc2.policies.close();
  await store.txn([], [{ op: 'delete-prefix', prefix: policiesPrefix(acme, wholeFederation) }]);
  await until('it to be back', async () => (await store.get(key)) !== undefined);
  t.deepEqual((await store.get(key))?.value, before?.value);
  t.is((await store.list(policiesPrefix(acme, wholeFederation))).values.length, 1);

  // Its writer leaves: it may be no member's word any more.
  await leave({
    ...{ store, federation: acme, cluster: dc2.name, by: dc2.name },
    ...{ signer: dc2.authority, clock: systemClock },
  });
  const views = [dc1, dc3].map(
    ({ name, self }) => [name, { cluster: name, record: self, gateways: new Map() }] as const,
  );
  dc3.trust.retain({ clusters: new Map(views) });
  await until('dc3 to go by it no more', () => request(dc3) === undefined);
  t.deepEqual(problemsOf(dc3), [`CERT_UNTRUSTED ${key}`]);
});

test('a gateway that starts while the registry is down goes by what the founder and the others said last', async (t) => {
  const { dc1, dc2, dc3 } = await scene(t);
  await dc1.policies.grants.grant(dc2.name, by);
  await until('dc2 to hear', () => dc2.policies.grants.mayWrite);
  await dc2.policies.put(named, { ...by, spec: timed('5s') });
  await until('dc3 to hear', () => request(dc3) === 5_000);
  await dc3.policies.close();
  await dc3.trust.persisted();
  const trust = trustOf({ ...dc3, file: await MembershipFile.open(dc3.dataDir) }, new TrustStore());
  const policies = new WrittenPolicies({
    ...{ federation: acme, self: dc3.name, dataDir: dc3.dataDir, signer: dc3.authority },
    ...{ clock: systemClock, random: Math.random, log: silentLog, changed: () => undefined },
  });
  t.teardown(() => policies.close());
  policies.follow({
    ...{ session: policies, trust, isOut: () => false },
    store: openStore(t, { endpoints: ['http://127.0.0.1:1'], deadlineMs: 200 }),
    verify: (from, where, raw) => trust.verifyFrom(from, where, raw),
  });
  await policies.recalled();
  t.is(request({ policies }), 5_000);
});
