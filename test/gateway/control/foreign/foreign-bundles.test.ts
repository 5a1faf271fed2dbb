/** Specifies the bundles of foreign trust domains: fetched over real TLS by both profiles, kept, and what an endpoint can't have us believe. */
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import { forge } from '../../../certs/forge.ts';
import { until } from '../../../support/until.ts';
import {
  bundleJson,
  endpointId,
  partner,
  rootOf,
  spiffe,
  startEndpoint,
  startFetching,
  svid,
  web,
} from './scene.ts';

const one = rootOf('one');
const two = rootOf('two');

test('https_web: a bundle is fetched, told, and fetched anew at its hint', async (t) => {
  const { ca, clock, folder, start } = await startFetching(t);
  const { given, url } = await startEndpoint(t, folder.issue(['localhost']), bundleJson(5, one));
  const { bundles, codes, had, roots, told } = await start(web(url, ca));
  t.deepEqual(roots(), [], 'nobody is believed before it is there');
  await had();
  t.deepEqual(roots(), ['one']);
  t.is(told.changes, 2);
  given.json = bundleJson(6, one, two);
  clock.advance(59_999);
  t.is(given.asked, 1);
  clock.advance(1);
  await bundles.look();
  t.deepEqual(roots(), ['one', 'two']);
  t.is(told.changes, 3);
  given.json = bundleJson(7, one, two);
  await bundles.look();
  t.is(told.changes, 3, 'the roots are the same');
  t.deepEqual(codes(), []);
  t.like(bundles.standings[0], { believed: { at: clock.now(), bundle: { sequence: 7 } } });
});

test('https_spiffe: the first contact is by the file, the next by what was fetched, also after the root has changed', async (t) => {
  const { put, start } = await startFetching(t);
  const { given, prove, url } = await startEndpoint(t, svid(one), bundleJson(5, one));
  await put('partner.json', bundleJson(5, one));
  const { bundles, codes, had, roots } = await start(spiffe(url));
  await had();
  given.json = bundleJson(6, one, two);
  await bundles.look();
  prove(svid(two));
  given.json = bundleJson(7, two);
  await bundles.look();
  t.deepEqual(codes(), []);
  t.deepEqual(roots(), ['two']);
});

test('security: https_spiffe believes nobody but the ID that is configured, by the bundle that is known', async (t) => {
  const { folder, put, start } = await startFetching(t);
  const { given, prove, url } = await startEndpoint(t, svid(two), bundleJson(9, two));
  await put('partner.json', bundleJson(5, one));
  const { bundles, codes, had, roots } = await start(spiffe(url));
  await had();
  for (const [what, proof, code] of [
    ['of another root', svid(two), 'CERT_UNTRUSTED'],
    [
      'of another workload',
      svid(one, 'spiffe://partner.example/ns/shop/sa/cart'),
      'CERT_UNTRUSTED',
    ],
    ['of another trust domain', svid(one, 'spiffe://other.example/bundles'), 'CERT_UNTRUSTED'],
    ['of the Web PKI', folder.issue(['localhost']), 'CERT_INVALID'],
    [
      'expired',
      forge({ name: 'e', issuer: one, uris: [endpointId], notAfter: Date.now() - 600_000 }),
      'CERT_UNTRUSTED',
    ],
  ] as const) {
    prove(proof);
    await bundles.look();
    t.deepEqual(codes(), [code], what);
  }
  t.is(given.asked, 0, 'nobody of these was asked for anything');
  t.deepEqual(roots(), ['one']);
});

test('security: https_web believes an endpoint by its authority and its host alone', async (t) => {
  const { ca, folder, start } = await startFetching(t);
  const { given, prove, url } = await startEndpoint(
    t,
    folder.issue(['elsewhere.example']),
    bundleJson(5, one),
  );
  const { bundles, codes, had, roots } = await start(web(url, ca));
  await had();
  t.deepEqual(codes(), ['BUNDLE_UNREACHABLE']);
  prove(forge({ name: 'a', issuer: rootOf('another authority'), dnsNames: ['localhost'] }));
  await bundles.look();
  t.deepEqual(codes(), ['BUNDLE_UNREACHABLE']);
  t.is(given.asked, 0);
  t.deepEqual(roots(), []);
});

test('security: a bundle with a lower sequence is refused, and said to be; the last good one stays', async (t) => {
  const { ca, folder, start } = await startFetching(t);
  const { given, url } = await startEndpoint(t, folder.issue(['localhost']), bundleJson(5, one));
  const { bundles, codes, had, roots } = await start(web(url, ca));
  await had();
  given.json = bundleJson(4, two);
  await bundles.look();
  t.deepEqual(codes(), ['BUNDLE_OUTDATED']);
  t.regex(bundles.problems[0]?.message ?? '', /sequence 4, and sequence 5 is known/);
  t.deepEqual(roots(), ['one']);
});

test('no keys revoke all; a bundle without `keys` is none', async (t) => {
  const { ca, folder, start } = await startFetching(t);
  const { given, url } = await startEndpoint(t, folder.issue(['localhost']), bundleJson(5, one));
  const { bundles, codes, had, roots } = await start(web(url, ca));
  await had();
  given.json = { spiffe_sequence: 6 };
  await bundles.look();
  t.deepEqual(codes(), ['BUNDLE_INVALID']);
  t.deepEqual(roots(), ['one']);
  given.json = { keys: [], spiffe_sequence: 7 };
  await bundles.look();
  t.deepEqual(codes(), []);
  t.deepEqual(roots(), []);
});

test('security: what is no answer of an endpoint changes nothing, and is bounded', async (t) => {
  const { ca, folder, start } = await startFetching(t);
  const { given, url } = await startEndpoint(t, folder.issue(['localhost']), bundleJson(5, one));
  const { bundles, codes, had, roots } = await start(web(url, ca));
  await had();
  for (const [what, answer] of [
    ['404', (response) => void response.writeHead(404).end('{"keys":[]}')],
    ['no JSON', (response) => void response.end('<html>')],
    ['no UTF-8', (response) => void response.end(Buffer.from([0x22, 0xff, 0x22]))],
    [
      'no end',
      (response) =>
        void response
          .on('drain', () => response.write('x'.repeat(65_536)))
          .write('x'.repeat(65_536)),
    ],
    [
      'no whole answer',
      (response) =>
        void response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy()),
    ],
  ] as const satisfies readonly (readonly [string, (response: ServerResponse) => void])[]) {
    given.answer = (_, response) => answer(response);
    await bundles.look();
    t.deepEqual(codes(), ['BUNDLE_UNREACHABLE'], what);
  }
  t.deepEqual(roots(), ['one']);
});

test('https_web: a redirect is followed for that look, to https alone and three times at most', async (t) => {
  const { ca, folder, start } = await startFetching(t);
  const { given, port, url } = await startEndpoint(
    t,
    folder.issue(['localhost']),
    bundleJson(5, one),
  );
  const asked: (string | undefined)[] = [];
  const to = { location: '/moved' };
  given.answer = (request, response) => {
    asked.push(request.url);
    if (request.url === '/moved') response.end(JSON.stringify(given.json));
    else response.writeHead(307, to).end();
  };
  const { bundles, codes, had, roots } = await start(web(url, ca));
  await had();
  await bundles.look();
  t.deepEqual(roots(), ['one']);
  t.deepEqual(asked, ['/bundle', '/moved', '/bundle', '/moved']);
  for (const location of [
    `http://localhost:${port}/moved`,
    `https://a@localhost:${port}/moved`,
    '/bundle',
  ]) {
    to.location = location;
    asked.length = 0;
    await bundles.look();
    t.deepEqual(codes(), ['BUNDLE_UNREACHABLE'], location);
    t.is(asked.length, location === '/bundle' ? 4 : 1);
  }
});

test('security: https_spiffe follows no redirect', async (t) => {
  const { put, start } = await startFetching(t);
  const { given, url } = await startEndpoint(t, svid(one), bundleJson(6, two));
  given.answer = (_, response) => void response.writeHead(302, { location: '/moved' }).end();
  await put('partner.json', bundleJson(5, one));
  const { codes, had, roots } = await start(spiffe(url));
  await had();
  t.deepEqual(codes(), ['BUNDLE_UNREACHABLE']);
  t.is(given.asked, 1);
  t.deepEqual(roots(), ['one']);
});

test('an endpoint in another trust domain is believed by the bundle of that', async (t) => {
  const { put, start } = await startFetching(t);
  const first = await startEndpoint(t, svid(one), bundleJson(5, one));
  const { url } = await startEndpoint(t, svid(one), bundleJson(1, two));
  await put('partner.json', bundleJson(5, one));
  const { bundles, codes, had, roots } = await start(spiffe(first.url), {
    ...{ trustDomain: 'child.example', url, profile: 'https_spiffe', endpointSpiffeId: endpointId },
  });
  await had();
  await bundles.look();
  t.deepEqual(codes(), []);
  t.deepEqual(roots('child.example' as never), ['two']);
  t.deepEqual(roots(), ['one'], 'each has its own');
});

test('a gateway that starts again with the endpoint down believes what it had, and refuses what is older', async (t) => {
  const { ca, clock, dir, folder, start } = await startFetching(t);
  const { close, given, url } = await startEndpoint(
    t,
    folder.issue(['localhost']),
    bundleJson(5, one),
  );
  const before = await start(web(url, ca));
  await before.had();
  const { at } = before.bundles.standings[0]?.believed ?? {};
  await before.bundles.close();
  clock.advance(10_000);
  given.json = bundleJson(4, two);
  const again = await start(web(url, ca));
  t.deepEqual(again.roots(), ['one']);
  await again.had();
  t.deepEqual(again.codes(), ['BUNDLE_OUTDATED']);
  close();
  await again.bundles.look();
  t.deepEqual(again.codes(), ['BUNDLE_UNREACHABLE']);
  t.like(again.bundles.standings[0], { believed: { at } });
  t.false((await readFile(join(dir, 'foreign-bundles.json'), 'utf8')).includes('PRIVATE'));
});

test('who replaces the file has its bundle believed, as after a root that nobody saw change', async (t) => {
  const { put, start } = await startFetching(t);
  const { given, prove, url } = await startEndpoint(t, svid(one), bundleJson(5, one));
  await put('partner.json', bundleJson(5, one));
  const { bundles, codes, had, roots } = await start(spiffe(url));
  await had();
  prove(svid(two));
  given.json = bundleJson(2, two);
  await bundles.look();
  t.deepEqual(codes(), ['CERT_UNTRUSTED']);
  t.regex(bundles.problems[0]?.fix ?? '', /in place of the file `bundle`/);
  await put('partner.json', bundleJson(1, two));
  await bundles.look();
  t.deepEqual(codes(), []);
  t.deepEqual(roots(), ['two']);
});

test('a trust domain that is taken out of the configuration is forgotten: put back, it begins anew', async (t) => {
  const { ca, folder, start } = await startFetching(t);
  const { given, url } = await startEndpoint(t, folder.issue(['localhost']), bundleJson(5, one));
  const { bundles, follow, had, roots, told } = await start(web(url, ca));
  await had();
  follow();
  t.is(roots(), undefined);
  t.is(told.changes, 3);
  given.json = bundleJson(1, two);
  follow(web(url, ca));
  t.deepEqual(roots(), []);
  await had();
  t.deepEqual(roots(), ['two']);
  t.is(bundles.standings[0]?.config.trustDomain, partner);
});

test('a changed configuration counts at once: what was being asked by the one before is believed no more', async (t) => {
  const { ca, folder, start } = await startFetching(t);
  const proof = folder.issue(['localhost']);
  const slow = await startEndpoint(t, proof, bundleJson(9, one));
  const quick = await startEndpoint(t, proof, bundleJson(5, two));
  let answerSlowly = (): void => {};
  slow.given.answer = (_, response) => {
    answerSlowly = () => response.end(JSON.stringify(slow.given.json));
  };
  const { bundles, follow, had, roots } = await start(web(slow.url, ca));
  await until('the slow one to be asked', () => slow.given.asked > 0);
  follow(web(quick.url, ca));
  await had();
  t.deepEqual(roots(), ['two']);
  answerSlowly();
  await bundles.look();
  t.deepEqual(roots(), ['two']);
  t.is(bundles.standings[0]?.config.url, quick.url);
});
