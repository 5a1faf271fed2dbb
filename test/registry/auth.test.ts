/** Specifies who may touch what in the embedded registry. */
import test from 'ava';
import { mayAccess, type Peer } from '../../registry/embedded/auth.ts';
import { prefixEnd } from '../../registry/range.ts';

const host: Peer = { kind: 'host' };
const dc1: Peer = { kind: 'member', trustDomain: 'dc1.acme.example' };
const root = '/isthmus/v1/acme.example/';

/** `key` alone is one key; `prefix*` everything below; `from..to` a range; `..` up to the end of all keys. */
function range(text: string) {
  const [from = '', to] = text.split('..');
  if (to !== undefined) {
    return { key: Buffer.from(from), range_end: to === '' ? Buffer.from([0]) : Buffer.from(to) };
  }
  if (!text.endsWith('*')) return { key: Buffer.from(text), range_end: Buffer.alloc(0) };
  return { key: Buffer.from(text.slice(0, -1)), range_end: prefixEnd(text.slice(0, -1)) };
}

const allowed = {
  read: (peer: Peer, text: string) => mayAccess(peer, { mode: 'read', range: range(text) }),
  write: (peer: Peer, text: string) => mayAccess(peer, { mode: 'write', range: range(text) }),
};

test('the host may do anything', (t) => {
  for (const text of ['a', '..', `${root}tokens/x`, `${root}clusters/dc2`]) {
    t.true(allowed.read(host, text));
    t.true(allowed.write(host, text));
  }
});

test('a cluster may write under its own name', (t) => {
  for (const text of [
    `${root}clusters/dc1`,
    `${root}bundles/dc1`,
    `${root}synced/dc1`,
    `${root}gateways/dc1/g1`,
    `${root}endpoints/dc1/shop/cart/e1`,
    `${root}policies/dc1/shop/TrafficPolicy/cart`,
    `${root}endpoints/dc1/*`,
    `${root}endpoints/dc1/shop/*`,
    `${root}endpoints/dc1/a..${root}endpoints/dc1/b`,
  ]) {
    t.true(allowed.write(dc1, text), text);
  }
});

test("a cluster can't write under another cluster's name", (t) => {
  for (const text of [
    `${root}clusters/dc2`,
    `${root}clusters/dc10`,
    `${root}clusters/dc`,
    `${root}endpoints/dc10/shop/cart/e1`,
    `${root}endpoints/dc1*`,
    `${root}endpoints/*`,
    `${root}*`,
    `${root}endpoints/dc1/a..${root}endpoints/dc2/`,
    `${root}endpoints/dc1/a..${root}endpoints/dc10/`,
    `${root}endpoints/dc1/..`,
    `${root}clusters/dc1..${root}clusters/dc2`,
    `${root}clusters/dc1..${root}clusters/dc1/z`,
    '..',
    '\0..',
    'other',
    '/isthmus/v1/other.example/clusters/dc1',
    '/isthmus/v1/acme.example.evil/clusters/dc1',
    `${root}tokens/dc1`,
    `${root}policies/dc2/shop/TrafficPolicy/cart`,
    `${root}policies/@/shop/TrafficPolicy/cart`,
    `${root}clusters/`,
    `${root}clusters`,
  ]) {
    t.false(allowed.write(dc1, text), text);
  }
});

test('a member writes in a folder that no single cluster owns where it is told that it may, and in that alone', (t) => {
  const may = (text: string, shares: Parameters<typeof mayAccess>[2]) =>
    mayAccess(dc1, { mode: 'write', range: range(text) }, shares);
  const policy = `${root}policies/@/shop/TrafficPolicy/cart`;
  t.true(may(policy, ['policies/@/']));
  t.true(may(`${root}policies/@/*`, ['policies/@/']));
  t.true(may(`${root}grants/policy`, ['policies/@/', 'grants/']));
  t.true(may(`${root}policies/dc1/shop/TrafficPolicy/cart`, ['grants/']));
  for (const text of [
    `${root}grants/policy`,
    `${root}policies/*`,
    `${root}policies/@..${root}policies/z`,
    `${root}policies/dc2/shop/TrafficPolicy/cart`,
    policy.replace('acme.example', 'other.example'),
  ]) {
    t.false(may(text, ['policies/@/']), text);
  }
  t.false(may(policy, ['grants/']));
  t.false(may(policy, []));
});

test('a member reads its federation', (t) => {
  for (const text of [
    `${root}clusters/*`,
    `${root}bundles/dc2`,
    `${root}exports/*`,
    `${root}policies/*`,
    `${root}tokensx`,
    `${root}a..${root}tokens/`,
    `${root}tokens0..${root}u`,
  ]) {
    t.true(allowed.read(dc1, text), text);
  }
});

test("a member can't read join tokens", (t) => {
  for (const text of [
    `${root}tokens/abc`,
    `${root}tokens/*`,
    `${root}tokens*`,
    `${root}t*`,
    `${root}*`,
    `${root}a..${root}tokens/a`,
    `${root}tokens/..`,
    '..',
    '\0..',
    '/*',
    '/isthmus/v1/other.example/clusters/*',
  ]) {
    t.false(allowed.read(dc1, text), text);
  }
});

test('a trust domain that names no cluster may do nothing', (t) => {
  for (const trustDomain of ['acme', '.acme', 'dc1.']) {
    const peer: Peer = { kind: 'member', trustDomain };
    t.false(allowed.read(peer, `${root}clusters/*`));
    t.false(allowed.write(peer, `${root}clusters/dc1`));
  }
});
