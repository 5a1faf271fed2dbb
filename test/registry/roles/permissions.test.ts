/** Specifies what a cluster's role in an etcd is permitted, key by key, and the steps that lead there. */
import test from 'ava';
import { parseClusterName, parseFederationName } from '../../../core/names.ts';
import { type Permission, permissionsOf, type Right } from '../../../registry/roles/permissions.ts';
import { stepsAway, stepsTo } from '../../../registry/roles/plan.ts';
import { permits } from './permits.ts';

const root = '/isthmus/v1/acme/';
const dc1 = parseClusterName('dc1');

function role(...rights: Right[]): Permission[] {
  return permissionsOf({ federation: parseFederationName('acme'), cluster: dc1, rights });
}

const keys: readonly (readonly [key: string, member: string, admitting: string])[] = [
  // Key below the federation, what dc1 may: r, w; and what it may where it admits others.
  ['clusters/dc1', 'rw', 'rw'],
  ['clusters/dc2', 'r', 'rw'],
  ['clusters/dc10', 'r', 'rw'],
  ['bundles/dc1', 'rw', 'rw'],
  ['bundles/dc2', 'r', 'rw'],
  ['departures/dc2', 'r', 'rw'],
  ['synced/dc1', 'rw', 'rw'],
  ['gateways/dc1/g1', 'rw', 'rw'],
  ['gateways/dc10/g1', 'r', 'rw'],
  ['endpoints/dc1/shop/cart/1', 'rw', 'rw'],
  ['endpoints/dc2/shop/cart/1', 'r', 'rw'],
  ['exports/dc2/shop/cart', 'r', 'rw'],
  ['drills/dc1/runs/1', 'rw', 'rw'],
  ['drills/dc2/runs/1', 'r', 'rw'],
  ['policies/dc1/shop/Route/cart', 'rw', 'rw'],
  ['policies/dc2/shop/Route/cart', 'r', 'rw'],
  ['policies/0/shop/Route/cart', 'r', 'rw'],
  ['policies/@/shop/Route/cart', 'r', 'r'],
  ['grants/policy', 'r', 'r'],
  ['tokens/dc1/1', '', 'rw'],
  ['tokens/dc10/1', '', ''],
  ['tokens/dc2/1', '', ''],
  ['tokens/1', '', ''],
  ['later/dc2', 'r', 'r'],
  ['../other/clusters/dc1', '', ''],
  ['../acme2/clusters/dc1', '', ''],
  ['../acme.example/clusters/dc1', '', ''],
];

for (const [key, member, admitting] of keys) {
  test(`dc1 may ${member || 'nothing'} at ${key}, and ${admitting || 'nothing'} where it admits others`, (t) => {
    const text = key.startsWith('../') ? `/isthmus/v1/${key.slice(3)}` : root + key;
    const said = (permissions: readonly Permission[]) =>
      (permits(permissions, 'read', text) ? 'r' : '') +
      (permits(permissions, 'write', text) ? 'w' : '');
    t.is(said(role()), member);
    t.is(said(role('admit')), admitting);
  });
}

test('policies of the federation, and who may write them, each take a right of their own', (t) => {
  const writes = (right: Right) =>
    ['policies/@/shop/Route/cart', 'grants/policy', 'policies/dc2/shop/Route/cart'].filter((key) =>
      permits(role(right), 'write', root + key),
    );
  t.deepEqual(writes('policies'), ['policies/@/shop/Route/cart']);
  t.deepEqual(writes('grants'), ['grants/policy']);
});

const none = { permissions: undefined, roles: undefined };
const [a, b] = role() as [Permission, Permission];

test('where nothing is, a role is made, permitted, and only then given to a user', (t) => {
  t.deepEqual(
    stepsTo('dc1.acme', none, [a]).map(({ kind }) => kind),
    ['add-role', 'grant', 'add-user', 'give-role'],
  );
});

test('where all is as it is to be there is nothing to do', (t) => {
  t.deepEqual(stepsTo('dc1.acme', { permissions: role(), roles: ['dc1.acme'] }, role()), []);
  t.deepEqual(stepsAway('dc1.acme', none), []);
});

test('what a role may beside is taken from it, after what it lacks was granted', (t) => {
  const held = { permissions: [a, { ...b, key: 'x' }], roles: ['dc1.acme'] };
  t.deepEqual(stepsTo('dc1.acme', held, [a, b]), [
    { kind: 'grant', name: 'dc1.acme', permission: b },
    { kind: 'revoke', name: 'dc1.acme', permission: { ...b, key: 'x' } },
  ]);
});

test('another permission on the same range is replaced, not revoked', (t) => {
  const held = { permissions: [{ ...a, type: 'Readwrite' as const }], roles: ['dc1.acme'] };
  t.deepEqual(stepsTo('dc1.acme', held, [a]), [{ kind: 'grant', name: 'dc1.acme', permission: a }]);
});

test('a user goes before its role', (t) => {
  t.deepEqual(
    stepsAway('dc1.acme', { permissions: [a], roles: ['dc1.acme'] }).map(({ kind }) => kind),
    ['delete-user', 'delete-role'],
  );
});
