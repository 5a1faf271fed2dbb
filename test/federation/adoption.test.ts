/** Specifies how a cluster's authority gets to another of its gateways, and that it gets to nobody else. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { readAuthorityFiles, replaceAuthority } from '../../certs/authority-files.ts';
import { systemClock } from '../../core/clock.ts';
import { adoptedBy, refuseForeignToken } from '../../federation/adoption.ts';
import { join as joinFederation } from '../../federation/join.ts';
import { previewJoin } from '../../federation/join-preview.ts';
import { decodeToken } from '../../federation/token.ts';
import { acme, cluster, founder, type Host, joining, refused, tokenOf } from './fixtures.ts';

const gateway = 'g2';

function gatewayToken({ adoption, address }: Host, ttlMs?: number): string {
  return adoption.invite([address], ttlMs).text;
}

function adopt(token: string, { name }: Host, id = gateway) {
  const options = { federation: acme, cluster: name, gateway: id, clock: systemClock };
  return adoptedBy(decodeToken(token), options);
}

test('a gateway that brings a gateway token begins with the authority and the membership of its cluster', async (t) => {
  const dc1 = await founder(t);
  // It has founded an authority of its own, as every gateway does that finds none.
  const other = await cluster(t, 'dc1');
  const { authority, membership } = await adopt(gatewayToken(dc1), dc1);
  t.deepEqual(membership, dc1.file.joined());

  const dir = join(other.dataDir, 'ca');
  const { trustDomain } = other.authority;
  await replaceAuthority(dir, authority, trustDomain, Date.now());
  const opened = await openAuthority({ dir, trustDomain, clock: systemClock });
  t.is(opened.keyId, dc1.authority.keyId);
  t.is((await stat(join(dir, 'ca.key'))).mode & 0o777, 0o600);
});

test('an authority that is no good, or of another cluster, replaces nothing', async (t) => {
  const [dc1, dc2] = [await cluster(t, 'dc1'), await cluster(t, 'dc2')];
  const dir = join(dc1.dataDir, 'ca');
  const before = await readAuthorityFiles(dir);
  const theirs = await readAuthorityFiles(join(dc2.dataDir, 'ca'));
  const { trustDomain } = dc1.authority;
  for (const files of [theirs, { ...before, key: theirs.key }]) {
    await refused(t, 'CERT_INVALID', () => replaceAuthority(dir, files, trustDomain, Date.now()));
  }
  t.deepEqual(await readAuthorityFiles(dir), before);
});

test('security: a gateway token is good once, for its time, and only as it was made', async (t) => {
  const dc1 = await founder(t);
  const once = gatewayToken(dc1);
  const both = await Promise.allSettled([adopt(once, dc1), adopt(once, dc1)]);
  t.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await refused(t, 'TOKEN_INVALID', () => adopt(once, dc1));

  const token = decodeToken(gatewayToken(dc1));
  const guess = { ...token, secret: decodeToken(gatewayToken(dc1)).secret };
  const options = { federation: acme, cluster: dc1.name, gateway, clock: systemClock };
  await refused(t, 'TOKEN_INVALID', () => adoptedBy(guess, options));

  const late = gatewayToken(dc1, 1_000);
  dc1.clock.advance(1_000);
  await refused(t, 'TOKEN_INVALID', () => adopt(late, dc1));
  t.is(dc1.refusedTokens.at(-1), 'TOKEN_EXPIRED');
});

test('security: a gateway token that was revoked is good no more', async (t) => {
  const dc1 = await founder(t);
  const token = gatewayToken(dc1);
  const { id } = decodeToken(token);
  t.true(dc1.adoption.revoke(id));
  await refused(t, 'TOKEN_INVALID', () => adopt(token, dc1));
  t.false(dc1.adoption.revoke(id));
});

test('security: a token for a cluster gives nobody the authority, and one for a gateway admits no cluster', async (t) => {
  const dc1 = await founder(t);
  const forCluster = await tokenOf(dc1);
  await refused(t, 'TOKEN_INVALID', () => adopt(forCluster, dc1));
  const dc2 = await cluster(t, 'dc2');
  const forGateway = gatewayToken(dc1);
  await refused(t, 'TOKEN_INVALID', () => joinFederation(forGateway, joining(dc2)));
  await refused(t, 'TOKEN_INVALID', () => previewJoin(forGateway, joining(dc2)));
  // Both are as good as they were.
  await t.notThrowsAsync(adopt(forGateway, dc1));
  await t.notThrowsAsync(joinFederation(forCluster, joining(dc2)));
});

test('a gateway of another cluster, or with an id that is taken, is refused by name', async (t) => {
  const dc1 = await founder(t);
  const token = gatewayToken(dc1);
  const elsewhere = { federation: acme, cluster: (await cluster(t, 'dc2')).name };
  const foreign = t.throws(() => refuseForeignToken(decodeToken(token), elsewhere));
  t.regex(foreign.message, /admits gateways of dc1 in acme, this is one of dc2/);
  const same = await refused(t, 'JOIN_REFUSED', () => adopt(token, dc1, 'g1'));
  t.regex(same.fix, /`gateway:`/);
});

test('a cluster that is in no federation has no membership to share', async (t: ExecutionContext) => {
  const dc1 = await founder(t);
  await dc1.file.set({ version: 1, kind: 'standalone' });
  t.throws(() => gatewayToken(dc1), { code: 'NOT_A_MEMBER' });
});
