/** Specifies a cluster's taking the place of another of its name, whose authority was lost: by a token that says so, and never else. */
import test from 'ava';
import { TrustStore } from '../../certs/trust-store.ts';
import { serviceName } from '../../core/names.ts';
import { announce } from '../../federation/announce.ts';
import { join } from '../../federation/join.ts';
import { previewJoin } from '../../federation/join-preview.ts';
import { createToken } from '../../federation/token.ts';
import { encodeKey, kindPrefix } from '../../registry/keys.ts';
import {
  acme,
  believes,
  type Cluster,
  cluster,
  founder,
  type Host,
  joining,
  keyOf,
  look,
  refused,
  registryOf,
  tokenOf,
  trustOf,
} from './fixtures.ts';

/** A token of `host` for another `replaced`. */
async function tokenReplacing(host: Host, replaced: Cluster): Promise<string> {
  const { store, authority, clock, name, address } = host;
  const token = await createToken({
    ...{ store, clock, federation: acme, cluster: name, addresses: [address] },
    ...{ fingerprint: authority.keyId, signer: authority, replaces: replaced.name },
  });
  return token.text;
}

/** What a member's gateway announces. */
function announcementOf(host: Host, { name, self, authority }: Cluster, beliefs: object) {
  return {
    ...{ store: host.store, federation: acme, self, authority, admission: undefined },
    verifyDeparture: () => {},
    gone: () => false,
    missed: () => false,
    beliefs: { federation: acme, bundles: new Map(), departed: new Map(), ...beliefs },
    name,
  };
}

test('a cluster that lost its authority joins anew by a token that says so; the others believe it, and the one from before no more', async (t) => {
  const dc1 = await founder(t);
  const [dc2, anew, dc3] = [
    await cluster(t, 'dc2'),
    await cluster(t, 'dc2'),
    await cluster(t, 'dc3'),
  ];
  await join(await tokenOf(dc1), joining(dc2));
  await join(await tokenOf(dc1), joining(dc3));
  const atDc3 = new TrustStore();
  const member = { ...dc1, trust: trustOf(dc3, atDc3) };
  await look(dc1, dc2.name);
  const service = serviceName('shop', 'cart');
  const own = encodeKey(acme, { kind: 'exports', cluster: dc2.name, service });
  await dc1.store.txn([], [{ op: 'put', key: own, value: '{}' }]);

  const token = await tokenReplacing(dc1, dc2);
  const preview = await previewJoin(token, joining(anew));
  const name = preview.lines.find(({ subject }) => subject === 'name');
  t.is(name?.outcome, 'ok');
  t.regex(name?.what ?? '', /takes the place of the dc2 that was believed so far/);
  t.true(believes(atDc3, dc2), 'a look changes nothing');

  t.is((await join(token, joining(anew))).kind, 'member');
  // Also for one that was away all the while.
  for (const host of [dc1, member]) {
    await look(host, dc2.name);
    const store = host === dc1 ? dc1.trustStore : atDc3;
    t.true(believes(store, anew));
    t.false(believes(store, dc2));
  }
  t.false(own in (await registryOf(dc1)), 'what the one from before had is gone');
  const error = await refused(t, 'TOKEN_INVALID', async () =>
    join(token, joining(await cluster(t, 'dc2'))),
  );
  t.is(dc1.refusedTokens.at(-1), 'TOKEN_USED', error.message);
});

test('the cluster from before, if it comes back, is told whose place was taken, and leaves the records as they are', async (t) => {
  const dc1 = await founder(t);
  const [dc2, anew] = [await cluster(t, 'dc2'), await cluster(t, 'dc2')];
  await join(await tokenOf(dc1), joining(dc2));
  const beliefs = trustOf(dc2, new TrustStore()).beliefs;
  await join(await tokenReplacing(dc1, dc2), joining(anew));
  const before = await registryOf(dc1);
  const { message, fix } = await refused(t, 'NOT_A_MEMBER', () =>
    announce(announcementOf(dc1, dc2, beliefs)),
  );
  t.regex(message, /^dc1 admitted another dc2 to acme at .*, in place of this one$/);
  t.regex(fix, /--replaces/);
  t.deepEqual(await registryOf(dc1), before);
  await announce(announcementOf(dc1, anew, trustOf(anew, new TrustStore()).beliefs));
  t.deepEqual(await registryOf(dc1), before);
});

test('security: a token that says nothing of it, or names another cluster, puts nobody in place of a member', async (t) => {
  const dc1 = await founder(t);
  const [dc2, dc3, other] = [
    await cluster(t, 'dc2'),
    await cluster(t, 'dc3'),
    await cluster(t, 'dc2'),
  ];
  for (const member of [dc2, dc3]) await join(await tokenOf(dc1), joining(member));
  const before = await registryOf(dc1);
  const [plain, forDc3] = [await tokenOf(dc1), await tokenReplacing(dc1, dc3)];
  const tokens = await registryOf(dc1);
  const { fix } = await refused(t, 'JOIN_CONFLICT', () => join(plain, joining(other)));
  t.regex(fix, /isthmus token create --replaces dc2/);
  await refused(t, 'JOIN_REFUSED', () => join(forDc3, joining(other)));
  t.deepEqual(await registryOf(dc1), tokens);
  t.like(await registryOf(dc1), before);
});

test('security: nobody takes the place of a cluster that lives', async (t) => {
  const dc1 = await founder(t);
  const [dc2, other] = [await cluster(t, 'dc2'), await cluster(t, 'dc2')];
  await join(await tokenOf(dc1), joining(dc2));
  const alive = `${kindPrefix(acme, 'gateways', dc2.name)}g1`;
  await dc1.store.txn([], [{ op: 'put', key: alive, value: '{}' }]);
  const token = await tokenReplacing(dc1, dc2);
  const before = await registryOf(dc1);
  const { message } = await refused(t, 'JOIN_CONFLICT', () => join(token, joining(other)));
  t.is(message, 'dc2 still has 1 live gateway(s), so another does not take its place');
  t.deepEqual(await registryOf(dc1), before);
  await dc1.store.txn([], [{ op: 'delete', key: alive }]);
  t.is((await join(token, joining(other))).kind, 'member');
});

test('a cluster that left and comes back by another authority is believed also where its leaving was missed', async (t) => {
  const dc1 = await founder(t);
  const [dc2, anew, dc3] = [
    await cluster(t, 'dc2'),
    await cluster(t, 'dc2'),
    await cluster(t, 'dc3'),
  ];
  for (const member of [dc2, dc3]) await join(await tokenOf(dc1), joining(member));
  await look(dc1, dc2.name);
  const store = new TrustStore();
  const away = { ...dc1, trust: trustOf(dc3, store) };
  await dc1.store.txn(
    [],
    (['clusters', 'bundles'] as const).map((kind) => ({
      op: 'delete',
      key: keyOf(kind, dc2.name),
    })),
  );
  await join(await tokenOf(dc1), joining(anew));
  await look(away, dc2.name);
  t.true(believes(store, anew));
});
