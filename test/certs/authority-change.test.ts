/** Specifies the steps by which an authority changes its root, each of which outlives the process, and what signs meanwhile. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { readAuthorityFiles, replaceAuthority } from '../../certs/authority-files.ts';
import { followChain } from '../../certs/bundle-chain.ts';
import { verifySignature } from '../../certs/signature.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

const dc1 = parseTrustDomain('dc1.acme');
const id = gatewayId(dc1, 'g1');
const bytes = Buffer.from('record');

async function founded(t: ExecutionContext) {
  const dir = join(await tempDir(t), 'ca');
  const clock = new ManualClock();
  const open = () => openAuthority({ dir, trustDomain: dc1, clock });
  return { dir, clock, open, authority: await open() };
}

test('a root that is published is believed and signs nothing, until it signs and the one from before is believed still', async (t) => {
  const { authority, open } = await founded(t);
  const before = authority.keyId;
  const first = authority.bundle();

  await authority.publish();
  t.is(authority.keyId, before);
  t.is(authority.bundle().sequence, first.sequence + 1);
  t.is(authority.bundle().roots.length, 2);
  t.is((await open()).state.kind, 'published', 'a process that is killed here goes on from here');

  await authority.signNext();
  const now = authority.keyId;
  t.not(now, before);
  t.is((await authority.issueLeaf({ id, dnsNames: [] })).root, now);
  t.is(authority.bundle().sequence, first.sequence + 1, 'nobody has to take anything up');
  t.is((await open()).keyId, now);

  await authority.retire();
  t.is(authority.keyId, now);
  t.is(authority.bundle().roots.length, 1);
  t.deepEqual((await open()).bundle().sequence, first.sequence + 2);
  t.is(followChain(first, authority.state.chain).sequence, first.sequence + 2);
});

test('a root that was published and never signed can be taken back', async (t) => {
  const { authority } = await founded(t);
  const { keyId } = authority;
  const before = authority.bundle();
  await authority.publish();
  await authority.retire();
  t.is(authority.keyId, keyId);
  t.is(authority.bundle().sequence, before.sequence + 2);
  t.is(followChain(before, authority.state.chain).sequence, before.sequence + 2);
});

test('one change ends before the next begins', async (t) => {
  const { authority } = await founded(t);
  await authority.publish();
  await t.throwsAsync(authority.publish(), { code: 'ROOT_CHANGING' });
  await authority.signNext();
  await t.throwsAsync(authority.publish(), { code: 'ROOT_CHANGING' });
});

test('the keys of all roots are 0600, and that of a retired root is gone', async (t) => {
  const { authority, dir } = await founded(t);
  const former = await readFile(join(dir, 'ca.key'), 'utf8');
  await authority.publish();
  await authority.signNext();
  t.is((await stat(join(dir, 'roots.json'))).mode & 0o777, 0o600);
  t.is((await stat(join(dir, 'ca.key'))).mode & 0o777, 0o600);
  await authority.retire();
  const kept = await Promise.all(
    ['roots.json', 'ca.key'].map((file) => readFile(join(dir, file), 'utf8')),
  );
  const [, secret = ''] = former.split('\n');
  t.true(kept.every((text) => !text.includes(secret)));
  t.is(await readFile(join(dir, 'ca.crt'), 'utf8'), authority.rootPem);
});

test('a seal by the root from before holds until that is retired', async (t) => {
  const { authority } = await founded(t);
  const seal = authority.seal(bytes);
  await authority.publish();
  t.true(authority.isSeal(bytes, seal));
  await authority.signNext();
  t.true(authority.isSeal(bytes, seal));
  t.not(authority.seal(bytes), seal);
  await authority.retire();
  t.false(authority.isSeal(bytes, seal));
});

test('another gateway of the cluster takes up what one has made of the authority, and nothing else', async (t) => {
  const { authority, dir } = await founded(t);
  const { authority: stranger } = await founded(t);
  const copy = join(await tempDir(t), 'ca');
  const clock = new ManualClock();
  await openAuthority({ dir: copy, trustDomain: dc1, clock });
  await replaceAuthority(copy, await readAuthorityFiles(dir), dc1, clock.now());
  const sibling = await openAuthority({ dir: copy, trustDomain: dc1, clock });
  await t.throwsAsync(sibling.follow(authority.export().slice(1)), { code: 'CERT_INVALID' });

  await authority.publish();
  await sibling.follow(authority.export());
  t.deepEqual(sibling.state.kind, 'published');
  await authority.signNext();
  await sibling.follow(authority.export());
  t.is(sibling.keyId, authority.keyId);
  t.true(verifySignature(authority.bundle().roots, bytes, sibling.sign(bytes)));
  await authority.retire();
  await sibling.follow(authority.export());
  t.is(sibling.bundle().roots.length, 1);

  for (const step of ['publish', 'signNext', 'retire'] as const) await stranger[step]();
  for (const step of ['publish', 'signNext', 'retire'] as const) await stranger[step]();
  await t.throwsAsync(sibling.follow(stranger.export()), { code: 'BUNDLE_INVALID' });
  t.is(sibling.keyId, authority.keyId);
});

test('a gateway that is given the authority gets all of its roots', async (t) => {
  const { authority, dir, clock } = await founded(t);
  await authority.publish();
  await authority.signNext();
  const given = join(await tempDir(t), 'ca');
  await openAuthority({ dir: given, trustDomain: dc1, clock });
  await replaceAuthority(given, await readAuthorityFiles(dir), dc1, clock.now());
  const other = await openAuthority({ dir: given, trustDomain: dc1, clock });
  t.is(other.keyId, authority.keyId);
  t.is(other.bundle().roots.length, 2);
});
