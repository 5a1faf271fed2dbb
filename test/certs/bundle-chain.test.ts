/** Specifies how who has missed changes of a root walks from the bundle it has to the newest. */
import { join } from 'node:path';
import test from 'ava';
import { type ChangingAuthority, openAuthority } from '../../certs/authority.ts';
import { type BundleLink, chainFrom, followChain, maxLinks } from '../../certs/bundle-chain.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

const trustDomain = parseTrustDomain('dc1.acme');

async function change(authority: ChangingAuthority): Promise<void> {
  await authority.publish();
  await authority.signNext();
  await authority.retire();
}

test('from any bundle that the chain remembers it leads to the newest, and to nowhere from a stranger', async (t) => {
  const options = { trustDomain, clock: new ManualClock() };
  const open = async () => openAuthority({ ...options, dir: join(await tempDir(t), 'ca') });
  const [authority, stranger] = [await open(), await open()];
  const known = [authority.bundle()];
  for (let i = 0; i < 3; i++) {
    await authority.publish();
    known.push(authority.bundle());
    await authority.signNext();
    await authority.retire();
    known.push(authority.bundle());
  }
  const { chain } = authority.state;
  const newest = authority.bundle();
  for (const bundle of known) t.deepEqual(followChain(bundle, chain).sequence, newest.sequence);

  const cases: readonly [defect: string, chain: readonly BundleLink[]][] = [
    ['one link left out', chain.filter((_, i) => i !== 2 && i !== 3)],
    ['one altered', chain.map((link, i) => (i === 1 ? altered(link) : link))],
    ['one signed by somebody else', chain.map((link, i) => (i === 0 ? signedBy(link) : link))],
  ];
  for (const [defect, broken] of cases) {
    t.throws(() => followChain(known[0] ?? newest, broken), { code: 'BUNDLE_INVALID' }, defect);
  }
  t.throws(() => followChain({ ...stranger.bundle(), sequence: 0 }, chain), {
    code: 'BUNDLE_INVALID',
  });
  t.is(followChain(newest, []), newest, 'nothing newer');
  t.deepEqual(chainFrom(known[2]?.roots ?? [], trustDomain, chain), chain.slice(1));
  t.deepEqual(chainFrom(stranger.bundle().roots, trustDomain, chain), []);

  function altered(link: BundleLink): BundleLink {
    return { ...link, bundle: link.bundle.replace('300', '301') };
  }
  function signedBy(link: BundleLink): BundleLink {
    return { ...link, signature: stranger.sign(Buffer.from(link.bundle)) };
  }
});

test('the chain forgets its oldest links', async (t) => {
  const dir = join(await tempDir(t), 'ca');
  const authority = await openAuthority({ dir, trustDomain, clock: new ManualClock() });
  for (let i = 0; i <= maxLinks / 2; i++) await change(authority);
  t.is(authority.state.chain.length, maxLinks);
});
