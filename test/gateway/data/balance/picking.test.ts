/** Specifies where single requests go, by tiers, loads and what they have tried. */
import test from 'ava';
import { dead, start, three } from './balancer-scene.ts';
import { dc2, dc3, remote, summary, zone } from './scenes.ts';

test('before it knows of anything it picks nothing', (t) => {
  const { pickKey, loads } = start({ groups: [] });
  t.is(pickKey(), undefined);
  t.deepEqual(loads(), []);
});

test('requests stay in the zone while it is well', (t) => {
  const { spread } = start({ groups: [three, summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  t.deepEqual(Object.keys(spread()).sort(), ['endpoint/a', 'endpoint/b', 'endpoint/c']);
});

test('requests spread over tiers as their loads say, and unhealthy endpoints get none', (t) => {
  const { spread } = start({
    groups: [zone('eu-a', { a: 'healthy', b: 'unhealthy' }), summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
    policy: { algorithm: 'random' },
  });
  const counts = spread();
  t.is(counts['endpoint/b'], undefined);
  t.true(Math.abs((counts['endpoint/a'] ?? 0) - 70) < 15);
  t.is((counts['endpoint/a'] ?? 0) + (counts['cluster/dc2'] ?? 0), 100);
});

test('in panic all endpoints are used', (t) => {
  const { spread } = start({ groups: [dead], policy: { algorithm: 'random' } });
  t.is(Object.keys(spread()).length, 3);
});

test('with panic off and nothing healthy it picks nothing', (t) => {
  const { pickKey } = start({ groups: [dead], policy: { panicThreshold: 0 } });
  t.is(pickKey(), undefined);
});

test('what a request has tried it does not try again while another is left in the tier', (t) => {
  const { pickKey } = start({ groups: [three, summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  const tried = new Set(['endpoint/a', 'endpoint/b']);
  for (let i = 0; i < 50; i++) t.is(pickKey({ tried, firstTier: 'zone' }), 'endpoint/c');
});

test('a request that may leave its tier goes on to the next, one that may not ends', (t) => {
  const { pickKey } = start({
    groups: [three, zone('eu-b', { d: 'healthy' }), summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  const tried = new Set(['endpoint/a', 'endpoint/b', 'endpoint/c']);
  t.is(pickKey({ tried, firstTier: 'zone' }), 'endpoint/d');
  t.is(pickKey({ tried: new Set([...tried, 'endpoint/d']), firstTier: 'zone' }), 'cluster/dc2');
  t.is(pickKey({ tried, firstTier: 'zone', mayLeaveTier: false }), undefined);
});

test('a retry skips clusters that cannot be reached', (t) => {
  const { pickKey } = start({
    groups: [three, summary(dc2, 3, 3), summary(dc3, 3, 3)],
    remotes: [remote(dc2, { link: 'down' }), remote(dc3, { rttMs: 90 })],
  });
  t.is(
    pickKey({ tried: new Set(['endpoint/a', 'endpoint/b', 'endpoint/c']), firstTier: 'zone' }),
    'cluster/dc3',
  );
});

test('a request whose try may yet be answered goes only to what is usable', (t) => {
  const tried = new Set(['cluster/dc2']);
  const aside = { tried, firstTier: 'cluster', usableOnly: true } as const;
  const groups = [zone('eu-a', { a: 'unhealthy' }), summary(dc2, 3, 3)];
  const silent = remote(dc2, { link: 'suspect' });
  const alone = start({ groups, remotes: [silent] });
  t.is(alone.pickKey(), 'cluster/dc2');
  t.is(alone.pickKey(aside), undefined);
  const two = start({ groups: [...groups, summary(dc3, 3, 3)], remotes: [silent, remote(dc3)] });
  t.is(two.pickKey(aside), 'cluster/dc3');
  const oneOfSeveralLinks = start({ groups, remotes: [remote(dc2)] });
  t.is(oneOfSeveralLinks.pickKey(aside), 'cluster/dc2');
});

test('the last resort is what is unwell but untried; then there is nothing', (t) => {
  const { pickKey } = start({ groups: [zone('eu-a', { a: 'healthy', b: 'unhealthy' })] });
  t.is(pickKey({ tried: new Set(['endpoint/a']), firstTier: 'zone' }), 'endpoint/b');
  t.is(pickKey({ tried: new Set(['endpoint/a', 'endpoint/b']), firstTier: 'zone' }), undefined);
});

test('a live cluster may be tried again when nothing else is left: its own gateway chooses anew', (t) => {
  const up = start({ groups: [summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  const tried = new Set(['cluster/dc2']);
  t.is(up.pickKey({ tried, firstTier: 'cluster' }), 'cluster/dc2');
  t.is(up.pickKey({ tried, firstTier: 'cluster', mayLeaveTier: false }), 'cluster/dc2');
  const down = start({ groups: [summary(dc2, 3, 3)], remotes: [remote(dc2, { link: 'down' })] });
  t.is(down.pickKey(), 'cluster/dc2');
  t.is(down.pickKey({ tried, firstTier: 'cluster' }), undefined);
});

test('a request from another gateway is answered here or not at all', (t) => {
  const { spread } = start({
    groups: [
      zone('eu-a', { a: 'healthy', b: 'unhealthy' }),
      zone('eu-b', { c: 'healthy' }),
      summary(dc2, 3, 3),
    ],
    remotes: [remote(dc2)],
  });
  const counts = spread({ localOnly: true });
  t.is((counts['endpoint/a'] ?? 0) + (counts['endpoint/c'] ?? 0), 100);
  const alone = start({ groups: [summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  t.is(alone.pickKey({ localOnly: true }), undefined);
});

test('a request from another gateway meets the last healthy endpoint, also where own requests have left', (t) => {
  const { spread } = start({
    groups: [zone('eu-a', { a: 'unhealthy', b: 'unhealthy', c: 'healthy' }), summary(dc2, 3, 3)],
    remotes: [remote(dc2)],
  });
  t.deepEqual(spread({ localOnly: true }), { 'endpoint/c': 100 });
});

test('a request from another gateway to a cluster without a healthy endpoint tries the unwell ones', (t) => {
  const { spread } = start({ groups: [dead, summary(dc2, 3, 3)], remotes: [remote(dc2)] });
  t.is(Object.keys(spread({ localOnly: true })).length, 3);
});

test('with consistent hashing one client stays with one endpoint, and its retry goes elsewhere', (t) => {
  for (const algorithm of ['ring-hash', 'maglev'] as const) {
    const { spread, pickKey } = start({
      groups: [
        zone('eu-a', { a: 'healthy', b: 'unhealthy' }),
        zone('eu-b', { c: 'healthy' }),
        summary(dc2, 3, 3),
      ],
      remotes: [remote(dc2)],
      policy: { algorithm },
    });
    for (let hash = 0; hash < 50; hash++) t.is(Object.keys(spread({ hash })).length, 1);
    const first = pickKey({ hash: 7 }) ?? '';
    t.not(pickKey({ hash: 7, tried: new Set([first]) }), first);
  }
});
