/** Specifies endpoints whose gateway was lost: which stay as orphans, and which were withdrawn. */
import test from 'ava';
import { kindPrefix } from '../../registry/keys.ts';
import { build, endpointKey, gatewayKey, gone, put } from './building.ts';
import { acme, cart, dc1, endpointRecord, gatewayRecord, web } from './records.ts';

test('an endpoint whose gateway is lost becomes an orphan and stays one', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(endpointKey(), endpointRecord()));
  const delta = apply(gone(endpointKey()), gone(gatewayKey()));
  t.true(delta.services.has(cart));
  t.is(builder.settleOrphans([cart]).services.size, 0);
  t.deepEqual(endpoints(), ['cart-1 orphaned']);
});

test('an endpoint that its gateway withdrew is forgotten once it is plain that the gateway stands', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()));
  apply(put(endpointKey(), endpointRecord()), put(endpointKey('cart-2'), endpointRecord('cart-2')));
  apply(gone(endpointKey()));
  t.deepEqual(endpoints(), ['cart-1 orphaned', 'cart-2']);
  t.deepEqual([...builder.settleOrphans([web, cart]).services], [cart]);
  t.deepEqual(endpoints(), ['cart-2']);
});

test('an endpoint that its gateway withdrew before it ended is forgotten', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(endpointKey(), endpointRecord()));
  apply(gone(endpointKey()));
  apply(gone(gatewayKey()));
  t.deepEqual([...builder.settleOrphans([cart]).services], [cart]);
  t.deepEqual(endpoints(), []);
});

test('an endpoint whose deletion was missed stays an orphan, for nobody saw in which order things went', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(endpointKey(), endpointRecord()));
  builder.replace(kindPrefix(acme, 'endpoints', dc1), [], 2);
  builder.replace(kindPrefix(acme, 'gateways'), [], 3);
  t.is(builder.settleOrphans([cart]).services.size, 0);
  t.deepEqual(endpoints(), ['cart-1 orphaned']);
});

test('of two gateways the orphans of the lost one stay', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(gatewayKey('g2'), gatewayRecord('g2')));
  apply(
    put(endpointKey(), endpointRecord()),
    put(endpointKey('cart-2'), endpointRecord('cart-2', { gateway: 'g2' })),
  );
  apply(gone(endpointKey()), gone(endpointKey('cart-2')), gone(gatewayKey('g2')));
  builder.settleOrphans([cart]);
  t.deepEqual(endpoints(), ['cart-2 orphaned']);
});

test('an orphan that is registered again is an endpoint like any other', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(endpointKey(), endpointRecord()));
  apply(gone(endpointKey()));
  apply(put(endpointKey(), endpointRecord('cart-1', { gateway: 'g2' })));
  t.deepEqual(endpoints(), ['cart-1']);
  builder.drop(cart, 'cart-1');
  t.deepEqual(endpoints(), ['cart-1'], 'a late verdict on the orphan does not touch it');
});

test('an orphan whose probes failed is forgotten, and its service with the last of them', (t) => {
  const { builder, apply } = build();
  apply(put(endpointKey(), endpointRecord()));
  apply(gone(endpointKey()));
  t.deepEqual([...builder.drop(cart, 'cart-1').services], [cart]);
  t.is(builder.snapshot.services.size, 0);
  t.is(builder.drop(cart, 'cart-1').services.size, 0);
});

test('a listing that lacks an endpoint makes it an orphan', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(endpointKey(), endpointRecord()));
  builder.replace(kindPrefix(acme, 'endpoints', dc1), [], 20);
  t.deepEqual(endpoints(), ['cart-1 orphaned']);
});
